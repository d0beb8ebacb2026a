//! Files, services, blocks, statements and functions from what pest found.

use pest::iterators::Pairs;

use crate::text::Span;

use super::{
    Builder,
    ast::{Allow, Exprs, Function, Import, Item, Let, Match, Name, Ruleset, Segment, Service, Version},
    error,
    grammar::{Node, Rule, span},
    literal,
};

/// Words that are refused as a service's name although they would lex (`let` and `else` are not; cases reserved-006,
/// reserved-048, reserved-095).
const SERVICE_KEYWORDS: [&str; 15] = [
    "allow", "deny", "extends", "false", "function", "if", "import", "in", "is", "match", "null", "package", "return",
    "service", "true",
];

/// Nested match blocks that the official compiler reads; it gives up at the next one (case limit-007).
const MAX_BLOCKS: usize = 63;

impl Builder<'_> {
    pub(super) fn ruleset(&mut self, parts: Pairs<'_, Rule>) -> Ruleset {
        let mut ruleset =
            Ruleset { version: Version::V1, imports: Vec::new(), items: Vec::new(), exprs: Exprs::default() };
        for part in parts {
            match part.as_rule() {
                Rule::version => ruleset.version = self.version(part),
                Rule::import => self.import(part, &mut ruleset.imports),
                Rule::function => ruleset.items.push(Item::Function(self.function(part))),
                Rule::service => ruleset.items.push(Item::Service(self.service(part, ruleset.version))),
                _ => {}
            }
        }
        ruleset
    }

    fn version(&mut self, node: Node<'_>) -> Version {
        let mut parts = node.into_inner();
        let keyword = parts.next().map(|n| span(&n)).unwrap_or_default();
        let value = parts.next().map(|n| literal::string(n.as_str()));
        match value.as_ref().map(|v| v.as_str().to_string()).as_deref() {
            Some("1") => Version::V1,
            Some("2") => Version::V2,
            other => {
                let message = format!("Unsupported rules version {}.", other.unwrap_or(""));
                let problem = self.error(error::UNSUPPORTED_VERSION, keyword, message);
                problem.hint = Some("write `rules_version = '2';`".to_owned());
                Version::V2
            }
        }
    }

    fn import(&mut self, node: Node<'_>, imports: &mut Vec<Import>) {
        let mut parts = node.into_inner();
        let span = parts.next().map(|n| span(&n)).unwrap_or_default();
        let module = parts.next().map(|n| literal::string(n.as_str()).as_str().to_string()).unwrap_or_default();
        if imports.is_empty() {
            let problem = self.error(error::IMPORT, span, "Import statements are not allowed.");
            problem.hint = Some("put the functions into this file; rules files cannot be split".to_owned());
        }
        self.error(error::IMPORT, span, format!("Module \"{module}\" is not part of the standard library."));
        imports.push(Import { module, span });
    }

    fn service(&mut self, node: Node<'_>, version: Version) -> Service {
        let whole = span(&node);
        let mut service = Service {
            name: Name { text: String::new(), span: whole },
            functions: Vec::new(),
            matches: Vec::new(),
            span: whole,
        };
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::service_head => {
                    service.name = self.name(part.into_inner().next());
                    if SERVICE_KEYWORDS.contains(&service.name.text.as_str()) {
                        self.error(error::SERVICE_KEYWORD, service.name.span, "Cannot use keyword as service name.");
                    }
                }
                Rule::function => service.functions.push(self.function(part)),
                _ => service.matches.push(self.match_block(part, version, 1)),
            }
        }
        service
    }

    fn match_block(&mut self, node: Node<'_>, version: Version, depth: usize) -> Match {
        let whole = span(&node);
        let mut block = Match {
            keyword: Span::default(),
            path: Vec::new(),
            path_span: Span::default(),
            functions: Vec::new(),
            allows: Vec::new(),
            matches: Vec::new(),
            span: whole,
        };
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::kw_match => block.keyword = span(&part),
                Rule::match_path => {
                    block.path_span = span(&part);
                    block.path = self.match_path(part, version);
                }
                Rule::function => block.functions.push(self.function(part)),
                Rule::allow => block.allows.push(self.allow(part)),
                _ if depth >= MAX_BLOCKS => {
                    let place = Span::new(part.as_span().start(), part.as_span().start() + "match".len());
                    self.error(error::RULES_TOO_DEEP, place, "Rule hierarchy is too complex to evaluate safely.");
                }
                _ => block.matches.push(self.match_block(part, version, depth + 1)),
            }
        }
        block
    }

    fn match_path(&mut self, node: Node<'_>, version: Version) -> Vec<Segment> {
        let mut path = Vec::new();
        for part in node.into_inner() {
            path.push(match part.as_rule() {
                Rule::segment => Segment::Literal(literal::segment(part.as_str()), span(&part)),
                _ => Segment::Capture(self.capture(part)),
            });
        }
        let captures: Vec<_> =
            path.iter().filter_map(|s| if let Segment::Capture(c) = s { Some(c.clone()) } else { None }).collect();
        self.refuse_repeated(&captures);
        self.globs(&path, version);
        path
    }

    /// Where `{x=**}` may stand: last in version 1, once in version 2.
    fn globs(&mut self, path: &[Segment], version: Version) {
        let globs = path.iter().enumerate().filter_map(|(i, s)| match s {
            Segment::Capture(capture) if capture.glob => Some((i, capture)),
            _ => None,
        });
        for (n, (i, capture)) in globs.enumerate() {
            let place = Span::new(capture.span.start as usize, capture.span.start as usize + 1);
            if version == Version::V1 && i + 1 < path.len() {
                self.error(
                    error::GLOB_PLACE,
                    place,
                    "Invalid glob match expression. Glob matches are permitted as the last segment in a match declaration path.",
                )
                .hint = Some("with `rules_version = '2';` a glob may stand anywhere".to_owned());
            } else if version == Version::V2 && n > 0 {
                self.error(
                    error::GLOB_PLACE,
                    place,
                    "Invalid glob match expression. Only one glob match is permitted in a match declaration path.",
                );
            }
        }
    }

    fn allow(&mut self, node: Node<'_>) -> Allow {
        let whole = span(&node);
        let mut allow = Allow { methods: Vec::new(), condition: None, span: whole };
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::methods => allow.methods = part.into_inner().map(|n| self.name(Some(n))).collect(),
                Rule::expression => allow.condition = Some(self.root_expression(part)),
                _ => {}
            }
        }
        allow
    }

    fn function(&mut self, node: Node<'_>) -> Function {
        let whole = span(&node);
        let mut function = Function {
            name: Name { text: String::new(), span: whole },
            parameters: Vec::new(),
            lets: Vec::new(),
            result: super::ast::ExprId(0),
            span: whole,
        };
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::identifier => function.name = self.name(Some(part)),
                Rule::parameters => {
                    for parameter in part.into_inner() {
                        let name = self.name(Some(parameter));
                        self.refuse_package(&name);
                        function.parameters.push(name);
                    }
                }
                Rule::let_binding => {
                    let span = span(&part);
                    let mut inner = part.into_inner().skip(1);
                    let name = self.name(inner.next());
                    self.refuse_package(&name);
                    if let Some(value) = inner.next() {
                        let value = self.root_expression(value);
                        function.lets.push(Let { name, value, span });
                    }
                }
                Rule::expression => function.result = self.root_expression(part),
                _ => {}
            }
        }
        function
    }
}
