//! Files, services, blocks, statements and functions from the matches of the grammar.

use crate::text::Span;

use super::{
    ast::{Allow, Exprs, Function, Import, Item, Let, Match, Names, Ruleset, Segment, Service, Version},
    error,
    grammar::service::Rule,
    literal, message,
    parser::{Parser, Unexpected, head},
    token::SERVICE_KEYWORDS,
};

/// Nested match blocks that the official compiler reads; it gives up at the next one (case limit-007).
const MAX_BLOCKS: usize = 63;

type Parsed<T> = Result<T, Unexpected>;

impl Parser<'_> {
    /// A whole file. Its expressions are in `exprs`.
    pub(super) fn ruleset(&mut self) -> Parsed<Ruleset> {
        self.enter(Rule::file)?;
        let version = if self.is(Rule::version) { self.version()? } else { Version::V1 };
        let mut imports = Vec::new();
        while self.is(Rule::import) {
            self.import(&mut imports)?;
        }
        let mut items = Vec::new();
        while self.eat(Rule::EOI).is_none() {
            items.push(match self.rule() {
                Some(Rule::function) => Item::Function(self.function()?),
                _ => Item::Service(self.service(version)?),
            });
        }
        self.leave()?;
        Ok(Ruleset { version, imports, items, exprs: Exprs::default() })
    }

    fn string(&mut self) -> Parsed<String> {
        let place = self.expect(Rule::string)?;
        Ok(literal::string(self.slice(place)).as_str().to_string())
    }

    fn version(&mut self) -> Parsed<Version> {
        let keyword = head(self.enter(Rule::version)?, "rules_version".len() as u32);
        let value = self.string()?;
        self.leave()?;
        Ok(match value.as_str() {
            "1" => Version::V1,
            "2" => Version::V2,
            other => {
                let message = message::unsupported_version(other);
                let problem = self.error(error::UNSUPPORTED_VERSION, keyword, message);
                problem.hint = Some("write `rules_version = '2';`".to_owned());
                Version::V2
            }
        })
    }

    fn import(&mut self, imports: &mut Vec<Import>) -> Parsed<()> {
        let span = head(self.enter(Rule::import)?, "import".len() as u32);
        let module = self.string()?;
        self.eat(Rule::identifier);
        self.leave()?;
        if imports.is_empty() {
            let problem = self.error(error::IMPORT, span, message::IMPORTS);
            problem.hint = Some("put the functions into this file; rules files cannot be split".to_owned());
        }
        self.error(error::IMPORT, span, message::unknown_module(&module));
        imports.push(Import { module, span });
        Ok(())
    }

    fn service(&mut self, version: Version) -> Parsed<Service> {
        let span = self.enter(Rule::service)?;
        let name = self.expect(Rule::service_name)?;
        let name = self.name_at(name);
        if SERVICE_KEYWORDS.contains(&name.text.as_str()) {
            self.error(error::SERVICE_KEYWORD, name.span, message::SERVICE_KEYWORD);
        }
        let (mut functions, mut matches) = (Vec::new(), Vec::new());
        while let Some(rule) = self.rule() {
            match rule {
                Rule::function => functions.push(self.function()?),
                _ => matches.push(self.match_block(version, 1)?),
            }
        }
        self.leave()?;
        Ok(Service { name, functions, matches, span })
    }

    fn match_block(&mut self, version: Version, depth: usize) -> Parsed<Match> {
        let span = self.enter(Rule::match_block)?;
        let (path, path_span) = self.match_path(version)?;
        let (mut functions, mut allows, mut matches) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(rule) = self.rule() {
            match rule {
                Rule::function => functions.push(self.function()?),
                Rule::allow => allows.push(self.allow()?),
                // Its content does not matter.
                Rule::match_block if depth >= MAX_BLOCKS => {
                    let place = head(self.advance(), MATCH);
                    self.error(error::RULES_TOO_DEEP, place, "Rule hierarchy is too complex to evaluate safely.");
                }
                _ => matches.push(self.match_block(version, depth + 1)?),
            }
        }
        self.leave()?;
        Ok(Match { keyword: head(span, MATCH), path, path_span, functions, allows, matches, span })
    }

    /// The segments of a block, and their place.
    fn match_path(&mut self, version: Version) -> Parsed<(Vec<Segment>, Span)> {
        let mut whole = self.place();
        let mut path = Vec::new();
        loop {
            let (segment, place) = match self.rule() {
                Some(Rule::segment) => {
                    let place = self.advance();
                    (Segment::Literal(literal::segment(self.slice(place)), place), place)
                }
                Some(Rule::capture) => {
                    let capture = self.capture()?;
                    let place = capture.span;
                    (Segment::Capture(capture), place)
                }
                _ => break,
            };
            path.push(segment);
            whole = whole.to(place);
        }
        self.refuse_repeated(path.iter().filter_map(|segment| match segment {
            Segment::Capture(capture) => Some(capture),
            Segment::Literal(..) => None,
        }));
        self.globs(&path, version);
        Ok((path, whole))
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
                self.error(error::GLOB_PLACE, place, message::GLOB_NOT_LAST).hint =
                    Some("with `rules_version = '2';` a glob may stand anywhere".to_owned());
            } else if version == Version::V2 && n > 0 {
                self.error(error::GLOB_PLACE, place, message::SECOND_GLOB);
            }
        }
    }

    fn allow(&mut self) -> Parsed<Allow> {
        let mut span = head(self.enter(Rule::allow)?, "allow".len() as u32);
        let mut methods = Names::new();
        while self.is(Rule::identifier) {
            methods.push(self.name()?);
        }
        span = methods.last().map_or(span, |last| span.to(last.span));
        let mut condition = None;
        if self.is(Rule::expression) {
            let id = self.root_expression()?;
            span = span.to(self.exprs.outer(id));
            condition = Some(id);
        }
        span = self.eat(Rule::semicolon).map_or(span, |semicolon| span.to(semicolon));
        self.leave()?;
        Ok(Allow { methods, condition, span })
    }

    fn function(&mut self) -> Parsed<Function> {
        let span = self.enter(Rule::function)?;
        let name = self.name()?;
        let mut parameters = Names::new();
        while self.is(Rule::identifier) {
            parameters.push(self.name()?);
        }
        parameters.iter().for_each(|parameter| self.refuse_package(parameter));
        let mut lets = Vec::new();
        while self.is(Rule::binding) {
            lets.push(self.binding()?);
        }
        let result = self.root_expression()?;
        self.leave()?;
        Ok(Function { name, parameters, lets, result, span })
    }

    fn binding(&mut self) -> Parsed<Let> {
        let span = self.enter(Rule::binding)?;
        let name = self.name()?;
        self.refuse_package(&name);
        let value = self.root_expression()?;
        self.leave()?;
        Ok(Let { name, value, span })
    }
}

/// Bytes of the word `match`.
const MATCH: u32 = 5;
