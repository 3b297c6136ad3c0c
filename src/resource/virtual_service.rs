//! `VirtualService`: read where it decides visibility or which subsets are used.

use super::{ExportTo, Meta};
use crate::source::Spanned;

/// A VirtualService.
#[derive(Clone, Debug)]
pub struct VirtualService {
    /// Name, namespace, labels.
    pub meta: Meta,
    /// `spec.hosts`.
    pub hosts: Vec<Spanned<Box<str>>>,
    /// `spec.gateways`; empty means `mesh`.
    pub gateways: Vec<Spanned<Box<str>>>,
    /// `spec.exportTo`.
    pub export_to: Option<ExportTo>,
    /// Every destination of its http, tls and tcp routes and mirrors.
    pub destinations: Vec<RouteDestination>,
}

/// One `destination`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteDestination {
    /// `host` as written.
    pub host: Spanned<Box<str>>,
    /// `port.number`.
    pub port: Option<u16>,
    /// `subset`.
    pub subset: Option<Spanned<Box<str>>>,
    /// `gateways` of the matches of the route it belongs to; empty where no match names any.
    pub gateways: Vec<Box<str>>,
}
