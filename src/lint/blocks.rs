//! Blocks that no request reaches, and methods that say nothing new.

use crate::{
    request::ServiceProduct,
    syntax::ast::{Match, Segment},
    text::Span,
};

use super::{
    Code,
    findings::Findings,
    service::{File, Methods},
};

pub(super) fn check(file: &File<'_>, found: &mut Findings) {
    for service in file.ruleset.services() {
        let Some(product) = ServiceProduct::of_service(&service.name.text) else { continue };
        for block in &service.matches {
            Walk { file, product, path: Vec::new(), found }.block(block);
        }
    }
}

/// The segments that paths of a product begin with; the second is a name.
fn root(product: ServiceProduct) -> [&'static str; 3] {
    match product {
        ServiceProduct::Storage => ["b", "{bucket}", "o"],
        ServiceProduct::Firestore => ["databases", "{database}", "documents"],
    }
}

struct Walk<'w, 'a> {
    file: &'w File<'a>,
    product: ServiceProduct,
    path: Vec<&'w Segment>,
    found: &'w mut Findings,
}

impl<'w> Walk<'w, '_> {
    fn block(&mut self, block: &'w Match) {
        let before = self.path.len();
        self.path.extend(&block.path);
        if self.is_rooted() {
            self.names(block, before);
            block.allows.iter().for_each(|allow| self.methods(&allow.methods));
            block.matches.iter().for_each(|inner| self.block(inner));
        } else {
            let root = root(self.product).join("/");
            let message = format!("no request has the path `{}`: all begin with `/{root}`", self.written(block));
            let hint = format!("put the block into `match /{root} {{ … }}`");
            self.found.hint(Code::UnrootedMatch, block.path_span, message, hint);
        }
        self.path.truncate(before);
    }

    fn written(&self, block: &Match) -> &str {
        self.file.source.slice(block.path_span)
    }

    /// Whether requests may have a path that begins like this one.
    fn is_rooted(&self) -> bool {
        for (at, (segment, wanted)) in self.path.iter().zip(root(self.product)).enumerate() {
            match segment {
                Segment::Literal(text, _) if at != 1 && text != wanted => return false,
                Segment::Capture(capture) if capture.glob => return true,
                _ => {}
            }
        }
        true
    }

    fn names(&mut self, block: &Match, before: usize) {
        if let Some(Segment::Literal(text, span)) = self.path.get(1).filter(|_| before < 2)
            && self.product == ServiceProduct::Firestore
            && matches!(text.as_str(), "database" | "(database)")
        {
            let message = format!("only a database that is called `{text}` has this path");
            self.found.hint(Code::DatabaseLiteral, *span, message, "write `{database}` for any database");
        }
        if self.path.iter().any(|segment| matches!(segment, Segment::Capture(capture) if capture.glob)) {
            return;
        }
        let written = self.written(block).to_owned();
        let methods = block.allows.iter().fold(Methods::default(), |all, allow| all.or(Methods::of(&allow.methods)));
        let below = self.path.len().saturating_sub(3);
        if below == 0 {
            // The objects of a bucket are listed with the path of its root.
            let listed =
                self.product == ServiceProduct::Storage && self.path.len() == 3 && methods.any_of(Methods::LIST);
            if !block.allows.is_empty() && !listed {
                let message = format!("`{written}` names no document or object: what is allowed here never applies");
                let hint = "write the statements into a block below, such as `match /{name}` or `match /{path=**}`";
                self.found.hint(Code::UnrootedMatch, block.path_span, message, hint);
            }
        } else if self.product == ServiceProduct::Firestore
            && below % 2 == 1
            && (!block.allows.is_empty() || block.matches.is_empty())
        {
            let message =
                format!("`{written}` names a collection, and rules are asked about documents: it never applies");
            let hint = format!("write `match {written}/{{id}}`");
            self.found.hint(Code::CollectionMatch, block.path_span, message, hint);
        }
    }

    fn methods(&mut self, names: &crate::syntax::ast::Names) {
        let mut before = Methods::default();
        for name in names {
            let methods = Methods::named(&name.text);
            if !methods.is_empty() && methods.within(before) {
                let span: Span = name.span;
                self.found.add(Code::RepeatedMethod, span, format!("`{}` is allowed already", name.text));
            }
            before = before.or(methods);
        }
    }
}
