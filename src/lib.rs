//! Finds what overrides Istio mutual TLS in a GitOps repository: reads Kubernetes and Istio manifests, decides for every
//! client and destination what is sent and what is accepted, and reports the objects that break it.
//!
//! Data flows one way: bytes, files, documents, objects, resources, a mesh, decisions, diagnostics, a report.
//! `ARCHITECTURE.md` maps the modules.

pub mod baseline;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod discover;
pub mod engine;
pub mod gitops;
pub mod mesh;
pub mod object;
pub mod report;
pub mod resource;
pub mod rule;
pub mod rules;
pub mod source;
pub mod suppress;
pub mod yaml;

pub(crate) use rule::declare_rule;
