//! What a condition has mentioned before: whoever asked for a field knows that it may be missing.

use crate::{
    lint::service::{MAX_CALLS, roots},
    syntax::ast::{Expr, ExprId},
};

use super::{Frame, MAX_STEPS, Walk};

/// Claims that every token of a user has.
const CLAIMS: [&str; 8] = ["sub", "user_id", "iss", "aud", "iat", "exp", "auth_time", "firebase"];

/// Places and texts, in the order in which they were mentioned.
#[derive(Default)]
pub(super) struct Guards {
    places: Vec<String>,
    texts: Vec<String>,
}

impl Guards {
    pub(super) fn clear(&mut self) {
        self.release((0, 0));
    }

    pub(super) fn mark(&self) -> (usize, usize) {
        (self.places.len(), self.texts.len())
    }

    pub(super) fn release(&mut self, (places, texts): (usize, usize)) {
        self.places.truncate(places);
        self.texts.truncate(texts);
    }

    /// Whether something at a place or below it was mentioned.
    fn knows(&self, place: &str) -> bool {
        self.places
            .iter()
            .any(|known| known.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    fn covers(&self, container: &str, name: &str) -> bool {
        let named = || self.texts.iter().any(|text| text == name) && self.places.iter().any(|known| known == container);
        self.knows(&format!("{container}.{name}")) || named()
    }
}

impl<'a> Walk<'_, 'a> {
    /// Notes all that an expression mentions, also in functions that it calls.
    pub(super) fn mention(&mut self, frame: &Frame<'a>, id: ExprId) {
        self.mention_within(frame, id, MAX_CALLS);
    }

    fn mention_within(&mut self, frame: &Frame<'a>, root: ExprId, calls: usize) {
        let file = self.file;
        for id in file.exprs.ids(root) {
            self.steps += 1;
            if self.steps >= MAX_STEPS {
                return;
            }
            match file.exprs.get(id) {
                Expr::Str(text) => self.guards.texts.extend(text.as_str().as_utf8().map(str::to_owned)),
                Expr::Member(..) | Expr::Index(..) | Expr::Variable(_) => {
                    self.guards.places.extend(file.place(frame.scope, &frame.locals, id));
                }
                Expr::Call(name, arguments) if calls > 0 => {
                    let function = file.symbols.function(frame.scope, &name.text);
                    let Some(declared) = function.and_then(|id| file.symbols.declared(id)) else { continue };
                    let bound = self.bind(frame, declared.function, arguments);
                    let locals = file.lets(declared.function, declared.scope, bound);
                    let inner = Frame { scope: declared.scope, locals };
                    for root in roots(declared.function) {
                        self.mention_within(&inner, root, calls - 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// What may be missing of that which an expression reads.
    pub(super) fn may_fail(&mut self, frame: &Frame<'a>, root: ExprId) -> Option<String> {
        let file = self.file;
        // Whoever chooses between values knows what may be missing.
        if file.exprs.tree(root).any(|expr| matches!(expr, Expr::Ternary(..))) {
            return None;
        }
        for id in file.exprs.ids(root) {
            self.steps += 1;
            let missing = match file.exprs.get(id) {
                Expr::Member(..) | Expr::Index(..) | Expr::Variable(_) | Expr::Call(..) => {
                    let place = file.place(frame.scope, &frame.locals, id);
                    place.and_then(|place| self.missing(&place))
                }
                _ => None,
            };
            if missing.is_some() {
                return missing;
            }
        }
        None
    }

    /// A place, if it may not be there and nobody asked for it before.
    fn missing(&self, place: &str) -> Option<String> {
        if let Some(user) = place.strip_prefix("request.auth.") {
            if !self.guards.knows("request.auth") {
                return Some("request.auth.uid".to_owned());
            }
            let claim = user.strip_prefix("token.")?;
            let known = claim.split('.').next().is_some_and(|claim| CLAIMS.contains(&claim));
            return self.uncovered(place).filter(|_| !known);
        }
        let data = match place.strip_prefix("request.resource.").or_else(|| place.strip_prefix("resource.")) {
            Some(rest) => rest,
            None if place.starts_with("get(") => place.rsplit_once(").").map(|(_, rest)| rest)?,
            None => return None,
        };
        let field = data.strip_prefix("data.").or_else(|| data.strip_prefix("metadata."));
        field.and_then(|_| self.uncovered(place))
    }

    fn uncovered(&self, place: &str) -> Option<String> {
        let (container, name) = place.rsplit_once('.')?;
        (!self.guards.covers(container, name)).then(|| place.to_owned())
    }
}
