//! The command line: arguments in, exit status out. Alone reads the environment and prints.

mod args;
mod baseline;
mod check;
mod config;
mod diff;
mod environment;
mod failure;
mod graph;
mod home;
mod hook;
mod init;
mod input;
mod matrix;
mod meshes;
mod nothing;
mod output;
mod progress;
mod render;
mod rules;
mod run;
mod selection;
mod shell;
mod trace;
mod unknown;
mod unmatched;
mod usage;
mod verbose;
mod watch;

pub use run::main;
