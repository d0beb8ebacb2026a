//! Files, services, blocks, statements and functions from tokens.

use crate::text::Span;

use super::{
    ast::{Allow, Exprs, Function, Import, Item, Let, Match, Names, Ruleset, Segment, Service, Version},
    error, literal,
    parser::{Parser, Unexpected},
    token::{
        ALLOW, ASSIGN, CLOSE_BRACE, CLOSE_PAREN, COLON, EOF, FUNCTION, IDENTIFIER, IF, IMPORT, LET, MATCH, OPEN_BRACE,
        OPEN_PAREN, PATH_SEGMENT, RETURN, RULES_VERSION, SEMICOLON, SERVICE, SERVICE_KEYWORD, SERVICE_NAME, SLASH,
        STRING,
    },
};

/// Nested match blocks that the official compiler reads; it gives up at the next one (case limit-007).
const MAX_BLOCKS: usize = 63;

type Parsed<T> = Result<T, Unexpected>;

impl Parser<'_> {
    /// Takes a whole file, without its expressions.
    pub(super) fn ruleset(&mut self) -> Parsed<Ruleset> {
        let version = if self.is(RULES_VERSION) { self.version()? } else { Version::V1 };
        let mut imports = Vec::new();
        while self.is(IMPORT) {
            self.import(&mut imports)?;
        }
        let mut items = Vec::new();
        loop {
            items.push(match self.next.kind {
                FUNCTION => Item::Function(self.function()?),
                SERVICE => Item::Service(self.service(version)?),
                EOF if !items.is_empty() => break,
                _ => return Err(Unexpected),
            });
        }
        Ok(Ruleset { version, imports, items, exprs: Exprs::default() })
    }

    fn string(&mut self) -> Parsed<String> {
        let place = self.expect(STRING)?;
        Ok(literal::string(self.slice(place)).as_str().to_string())
    }

    fn version(&mut self) -> Parsed<Version> {
        let keyword = self.expect(RULES_VERSION)?;
        self.expect(ASSIGN)?;
        let value = self.string()?;
        self.takes(SEMICOLON);
        Ok(match value.as_str() {
            "1" => Version::V1,
            "2" => Version::V2,
            other => {
                let problem =
                    self.error(error::UNSUPPORTED_VERSION, keyword, format!("Unsupported rules version {other}."));
                problem.hint = Some("write `rules_version = '2';`".to_owned());
                Version::V2
            }
        })
    }

    fn import(&mut self, imports: &mut Vec<Import>) -> Parsed<()> {
        let span = self.expect(IMPORT)?;
        let module = self.string()?;
        // A word that is none elsewhere.
        if self.is(IDENTIFIER) && self.slice(self.next.span()) == "as" {
            self.advance();
            self.expect(IDENTIFIER)?;
        }
        self.expect(SEMICOLON)?;
        if imports.is_empty() {
            let problem = self.error(error::IMPORT, span, "Import statements are not allowed.");
            problem.hint = Some("put the functions into this file; rules files cannot be split".to_owned());
        }
        self.error(error::IMPORT, span, format!("Module \"{module}\" is not part of the standard library."));
        imports.push(Import { module, span });
        Ok(())
    }

    fn service(&mut self, version: Version) -> Parsed<Service> {
        let start = self.expect(SERVICE)?;
        let name = match self.next.kind {
            SERVICE_NAME | SERVICE_KEYWORD => self.next,
            _ => return Err(Unexpected),
        };
        self.advance();
        if name.kind == SERVICE_KEYWORD {
            self.error(error::SERVICE_KEYWORD, name.span(), "Cannot use keyword as service name.");
        }
        let name = self.name_at(name.span());
        self.opens(OPEN_BRACE)?;
        let (mut functions, mut matches) = (Vec::new(), Vec::new());
        loop {
            match self.next.kind {
                FUNCTION => functions.push(self.function()?),
                MATCH => matches.push(self.match_block(version, 1)?),
                _ if functions.is_empty() && matches.is_empty() => return Err(Unexpected),
                _ => break,
            }
        }
        let span = start.to(self.closes(CLOSE_BRACE)?);
        Ok(Service { name, functions, matches, span })
    }

    fn match_block(&mut self, version: Version, depth: usize) -> Parsed<Match> {
        let keyword = self.expect(MATCH)?;
        let (path, path_span) = self.match_path(version)?;
        self.opens(OPEN_BRACE)?;
        let (mut functions, mut allows, mut matches) = (Vec::new(), Vec::new(), Vec::new());
        let first = self.next;
        loop {
            match self.next.kind {
                FUNCTION => functions.push(self.function()?),
                ALLOW => allows.push(self.allow()?),
                MATCH if depth >= MAX_BLOCKS => self.block_too_deep(version, depth + 1)?,
                MATCH => matches.push(self.match_block(version, depth + 1)?),
                _ if self.next == first => return Err(Unexpected),
                _ => break,
            }
        }
        let span = keyword.to(self.closes(CLOSE_BRACE)?);
        Ok(Match { keyword, path, path_span, functions, allows, matches, span })
    }

    /// Takes a block that is refused whatever is in it.
    fn block_too_deep(&mut self, version: Version, depth: usize) -> Parsed<()> {
        let keyword = self.next.span();
        let problems = self.problems.len();
        self.match_block(version, depth)?;
        self.problems.truncate(problems);
        self.error(error::RULES_TOO_DEEP, keyword, "Rule hierarchy is too complex to evaluate safely.");
        Ok(())
    }

    /// Takes the segments of a block, and gives their place.
    fn match_path(&mut self, version: Version) -> Parsed<(Vec<Segment>, Span)> {
        let start = self.next.span();
        let mut whole = start;
        let mut path = Vec::new();
        loop {
            let (segment, place) = match self.next.kind {
                PATH_SEGMENT => {
                    let place = self.advance().span();
                    (Segment::Literal(literal::segment(self.slice(place)), place), place)
                }
                SLASH => {
                    let capture = self.capture()?;
                    let place = capture.span;
                    (Segment::Capture(capture), place)
                }
                _ if path.is_empty() => return Err(Unexpected),
                _ => break,
            };
            path.push(segment);
            whole = start.to(place);
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

    fn allow(&mut self) -> Parsed<Allow> {
        let start = self.expect(ALLOW)?;
        let methods = self.names()?;
        let mut condition = None;
        if self.takes(COLON) {
            self.expect(IF)?;
            condition = Some(self.root_expression()?);
        }
        let span = start.to(self.semicolon());
        Ok(Allow { methods, condition, span })
    }

    fn function(&mut self) -> Parsed<Function> {
        let start = self.expect(FUNCTION)?;
        let name = self.name()?;
        self.opens(OPEN_PAREN)?;
        let parameters = if self.is(IDENTIFIER) { self.names()? } else { Names::new() };
        self.closes(CLOSE_PAREN)?;
        parameters.iter().for_each(|parameter| self.refuse_package(parameter));
        self.opens(OPEN_BRACE)?;
        let mut lets = Vec::new();
        while self.is(LET) {
            lets.push(self.binding()?);
        }
        self.expect(RETURN)?;
        let result = self.root_expression()?;
        self.takes(SEMICOLON);
        let span = start.to(self.closes(CLOSE_BRACE)?);
        Ok(Function { name, parameters, lets, result, span })
    }

    fn binding(&mut self) -> Parsed<Let> {
        let start = self.expect(LET)?;
        let name = self.name()?;
        self.refuse_package(&name);
        self.expect(ASSIGN)?;
        let value = self.root_expression()?;
        let span = start.to(self.expect(SEMICOLON)?);
        Ok(Let { name, value, span })
    }
}
