//! Lints of blocks and statements: unreachable blocks and repeated methods.

use crate::{
    request::ServiceProduct,
    syntax::ast::{Match, Segment},
    text::Span,
};

use super::{
    Code,
    findings::Findings,
    service::{Methods, ServiceFile},
};

pub(super) fn check(file: &ServiceFile<'_>, found: &mut Findings) {
    for service in file.ruleset.services() {
        let Some(product) = ServiceProduct::of_service(&service.name.text) else { continue };
        for block in &service.matches {
            Walk { file, product, path: Vec::new(), found }.block(block);
        }
    }
}

/// The first segments of all paths of a product; the second is a wildcard.
fn root(product: ServiceProduct) -> [&'static str; 3] {
    match product {
        ServiceProduct::Storage => ["b", "{bucket}", "o"],
        ServiceProduct::Firestore => ["databases", "{database}", "documents"],
    }
}

struct Walk<'w, 'a> {
    file: &'w ServiceFile<'a>,
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
            let message = format!("no request has the path `{}`: all paths begin with `/{root}`", self.written(block));
            let hint = format!("put the block inside `match /{root} {{ … }}`");
            self.found.add_with_hint(Code::UnrootedMatch, block.path_span, message, hint);
        }
        self.path.truncate(before);
    }

    fn written(&self, block: &Match) -> &str {
        self.file.source.slice(block.path_span)
    }

    /// Whether the path of a request can begin with these segments.
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
            let message = format!("only a database with the id `{text}` has this path");
            self.found.add_with_hint(Code::DatabaseLiteral, *span, message, "write `{database}` for any database");
        }
        if self.path.iter().any(|segment| matches!(segment, Segment::Capture(capture) if capture.glob)) {
            return;
        }
        let written = self.written(block).to_owned();
        let methods = block.allows.iter().fold(Methods::default(), |all, allow| all.union(Methods::of(&allow.methods)));
        let below = self.path.len().saturating_sub(3);
        if below == 0 {
            // A request to list all objects of a bucket has the path of the bucket.
            let listed =
                self.product == ServiceProduct::Storage && self.path.len() == 3 && methods.intersects(Methods::LIST);
            if !block.allows.is_empty() && !listed {
                let message = format!("`{written}` matches no document or object: these statements never apply");
                let hint = "put the statements in a nested block, such as `match /{name}` or `match /{path=**}`";
                self.found.add_with_hint(Code::UnrootedMatch, block.path_span, message, hint);
            }
        } else if self.product == ServiceProduct::Firestore
            && below % 2 == 1
            && (!block.allows.is_empty() || block.matches.is_empty())
        {
            let message =
                format!("`{written}` matches a collection, and requests are about documents: it never applies");
            let hint = format!("write `match {written}/{{id}}`");
            self.found.add_with_hint(Code::CollectionMatch, block.path_span, message, hint);
        }
    }

    fn methods(&mut self, names: &crate::syntax::ast::Names) {
        let mut before = Methods::default();
        for name in names {
            let methods = Methods::parse(&name.text);
            if !methods.is_empty() && methods.is_subset_of(before) {
                let span: Span = name.span;
                self.found.add(Code::RepeatedMethod, span, format!("the statement allows `{}` already", name.text));
            }
            before = before.union(methods);
        }
    }
}
