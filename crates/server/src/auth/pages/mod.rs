//! Pages for browsers: what links in e-mails lead to.

pub mod action;
