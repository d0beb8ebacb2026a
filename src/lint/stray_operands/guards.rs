//! Guards: the access paths and strings that a condition mentions before an expression. A condition that tests a field
//! handles a missing one.

use crate::{
    lint::service::{MAX_CALLS, roots},
    syntax::ast::{Expr, ExprId},
};

use super::{Frame, MAX_VISITS, Walk};

/// Claims that every token of a user has.
const CLAIMS: [&str; 8] = ["sub", "user_id", "iss", "aud", "iat", "exp", "auth_time", "firebase"];

/// Access paths and strings, in the order in which they were recorded.
#[derive(Default)]
pub(super) struct Guards {
    paths: Vec<String>,
    texts: Vec<String>,
}

impl Guards {
    pub(super) fn clear(&mut self) {
        self.release((0, 0));
    }

    pub(super) fn mark(&self) -> (usize, usize) {
        (self.paths.len(), self.texts.len())
    }

    pub(super) fn release(&mut self, (paths, texts): (usize, usize)) {
        self.paths.truncate(paths);
        self.texts.truncate(texts);
    }

    /// Whether the path, or a path below it, was recorded.
    fn knows(&self, path: &str) -> bool {
        self.paths
            .iter()
            .any(|known| known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    fn covers(&self, container: &str, name: &str) -> bool {
        let named = || self.texts.iter().any(|text| text == name) && self.paths.iter().any(|known| known == container);
        self.knows(&format!("{container}.{name}")) || named()
    }
}

impl<'a> Walk<'_, 'a> {
    /// Records all access paths and strings of an expression, also in functions that it calls.
    pub(super) fn record(&mut self, frame: &Frame<'a>, id: ExprId) {
        self.record_within(frame, id, MAX_CALLS);
    }

    fn record_within(&mut self, frame: &Frame<'a>, root: ExprId, calls: usize) {
        let file = self.file;
        for id in file.exprs.ids(root) {
            self.visits += 1;
            if self.visits >= MAX_VISITS {
                return;
            }
            match file.exprs.get(id) {
                Expr::Str(text) => self.guards.texts.extend(text.as_str().as_utf8().map(str::to_owned)),
                Expr::Member(..) | Expr::Index(..) | Expr::Variable(_) => {
                    self.guards.paths.extend(file.access_path(frame.scope, &frame.locals, id));
                }
                Expr::Call(name, arguments) if calls > 0 => {
                    let function = file.symbols.function(frame.scope, &name.text);
                    let Some(declared) = function.and_then(|id| file.symbols.declared(id)) else { continue };
                    let bound = self.bind(frame, declared.function, arguments);
                    let locals = file.lets(declared.function, declared.scope, bound);
                    let inner = Frame { scope: declared.scope, locals };
                    for root in roots(declared.function) {
                        self.record_within(&inner, root, calls - 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// The access path that makes an expression fail if it is missing.
    pub(super) fn possible_failure(&mut self, frame: &Frame<'a>, root: ExprId) -> Option<String> {
        let file = self.file;
        // A conditional expression usually handles missing values.
        if file.exprs.tree(root).any(|expr| matches!(expr, Expr::Ternary(..))) {
            return None;
        }
        for id in file.exprs.ids(root) {
            self.visits += 1;
            let missing = match file.exprs.get(id) {
                Expr::Member(..) | Expr::Index(..) | Expr::Variable(_) | Expr::Call(..) => {
                    let path = file.access_path(frame.scope, &frame.locals, id);
                    path.and_then(|path| self.unguarded(&path))
                }
                _ => None,
            };
            if missing.is_some() {
                return missing;
            }
        }
        None
    }

    /// The path, if it may be missing and no guard covers it.
    fn unguarded(&self, path: &str) -> Option<String> {
        if let Some(user) = path.strip_prefix("request.auth.") {
            if !self.guards.knows("request.auth") {
                return Some("request.auth.uid".to_owned());
            }
            let claim = user.strip_prefix("token.")?;
            let known = claim.split('.').next().is_some_and(|claim| CLAIMS.contains(&claim));
            return self.unless_covered(path).filter(|_| !known);
        }
        let data = match path.strip_prefix("request.resource.").or_else(|| path.strip_prefix("resource.")) {
            Some(rest) => rest,
            None if path.starts_with("get(") => path.rsplit_once(").").map(|(_, rest)| rest)?,
            None => return None,
        };
        let field = data.strip_prefix("data.").or_else(|| data.strip_prefix("metadata."));
        field.and_then(|_| self.unless_covered(path))
    }

    fn unless_covered(&self, path: &str) -> Option<String> {
        let (container, name) = path.rsplit_once('.')?;
        (!self.guards.covers(container, name)).then(|| path.to_owned())
    }
}
