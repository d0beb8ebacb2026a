//! Syntax trees as canonical text. An expression is fully parenthesised, in the form of the recorded trees
//! (`ast.json`); a ruleset is printed so that reading it again gives the same tree.

use std::fmt::Write as _;

use crate::value::Str;

use super::ast::{Allow, Expr, ExprId, Exprs, Function, Item, Match, PathPart, Ruleset, Segment, Version};

/// An expression, fully parenthesised: binary `(a + b)`, member `(a.b)`, calls `a.f(x)`, strings in single quotes,
/// floats `float(1.5)`, bytes `bytes(<base64>)`.
pub fn expression(exprs: &Exprs, root: ExprId) -> String {
    Printer { exprs, source: false }.text(root)
}

/// A whole file as source text. Numbers, strings and bytes are written as literals that read back to the same value.
pub fn ruleset(ruleset: &Ruleset) -> String {
    let printer = Printer { exprs: &ruleset.exprs, source: true };
    let mut out = match ruleset.version {
        Version::V1 => "rules_version = '1';\n".to_owned(),
        Version::V2 => "rules_version = '2';\n".to_owned(),
    };
    for item in &ruleset.items {
        match item {
            Item::Function(function) => printer.function(&mut out, function, 0),
            Item::Service(service) => {
                let _ = writeln!(out, "service {} {{", service.name.text);
                service.functions.iter().for_each(|f| printer.function(&mut out, f, 1));
                service.matches.iter().for_each(|m| printer.block(&mut out, m, 1));
                out.push_str("}\n");
            }
        }
    }
    out
}

struct Printer<'e> {
    exprs: &'e Exprs,
    /// Source text rather than the canonical form.
    source: bool,
}

impl Printer<'_> {
    fn text(&self, id: ExprId) -> String {
        let list = |ids: &[ExprId]| ids.iter().map(|id| self.text(*id)).collect::<Vec<_>>().join(", ");
        match self.exprs.get(id) {
            Expr::Null => "null".to_owned(),
            Expr::Bool(b) => b.to_string(),
            Expr::Int(n) => n.to_string(),
            Expr::Float(n) if self.source => float_literal(*n),
            Expr::Float(n) => format!("float({})", shortest(*n)),
            Expr::Str(text) => quote(text.as_str(), self.source),
            Expr::Bytes(octets) if self.source => {
                format!("b'{}'", octets.iter().map(|b| format!("\\x{b:02x}")).collect::<String>())
            }
            Expr::Bytes(octets) => {
                use base64::{Engine as _, engine::general_purpose::STANDARD};
                format!("bytes({})", STANDARD.encode(octets))
            }
            Expr::List(items) => format!("[{}]", list(items)),
            Expr::Map(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(k, v)| format!("{}: {}", self.text(*k), self.text(*v))).collect();
                format!("{{{}}}", entries.join(", "))
            }
            Expr::Path(parts) if self.source => format!("({})", self.path(parts)),
            Expr::Path(parts) => self.path(parts),
            Expr::Variable(name) => name.text.to_string(),
            Expr::Regex(pattern, flags) => format!("/{}/{flags}", pattern.text),
            Expr::Invoke(callee, arguments) => format!("{}({})", self.text(*callee), list(arguments)),
            Expr::Member(object, name) => format!("({}.{})", self.object(*object), name.text),
            Expr::Index(object, index) => format!("({}[{}])", self.text(*object), self.text(*index)),
            Expr::Range(object, from, to) => {
                let bound = |id: &Option<ExprId>| match id {
                    Some(id) => self.text(*id),
                    None if self.source => String::new(),
                    None => "null".to_owned(),
                };
                format!("({}[{}:{}])", self.text(*object), bound(from), bound(to))
            }
            Expr::Call(name, arguments) => format!("{}({})", name.text, list(arguments)),
            Expr::PackageCall(package, name, arguments) => {
                format!("{}.{}({})", package.text, name.text, list(arguments))
            }
            Expr::Method(receiver, name, arguments) => {
                format!("{}.{}({})", self.object(*receiver), name.text, list(arguments))
            }
            Expr::Unary(op, operand) => format!("({}{})", op.symbol(), self.operand(*operand)),
            Expr::Binary(op, a, b) => format!("({} {} {})", self.text(*a), op.symbol(), self.text(*b)),
            Expr::Is(a, name) => format!("({} is {})", self.text(*a), name.name()),
            Expr::Ternary(c, a, b) => format!("({} ? {} : {})", self.text(*c), self.text(*a), self.text(*b)),
        }
    }

    /// What stands before a dot: digits would swallow it.
    fn object(&self, id: ExprId) -> String {
        match self.exprs.get(id) {
            Expr::Int(_) if self.source => format!("({})", self.text(id)),
            _ => self.text(id),
        }
    }

    /// What stands after a sign: `-9223372036854775808` is one literal, `-(-1)` needs its parentheses.
    fn operand(&self, id: ExprId) -> String {
        match self.exprs.get(id) {
            Expr::Int(n) if self.source && *n < 0 => format!("({n})"),
            _ => self.text(id),
        }
    }

    fn path(&self, parts: &[PathPart]) -> String {
        let part = |part: &PathPart| match part {
            PathPart::Literal(text, _) if self.source => format!("/{}", encode(text)),
            PathPart::Literal(text, _) => format!("/{}", quote(Str::Utf8(text), false)),
            PathPart::Capture(c) if c.glob => format!("/{{{}=**}}", c.name.text),
            PathPart::Capture(c) => format!("/{{{}}}", c.name.text),
            PathPart::Interpolation(id) => format!("/$({})", self.text(*id)),
        };
        parts.iter().map(part).collect()
    }

    fn function(&self, out: &mut String, function: &Function, depth: usize) {
        let indent = "  ".repeat(depth);
        let parameters: Vec<_> = function.parameters.iter().map(|p| p.text.as_str()).collect();
        let _ = writeln!(out, "{indent}function {}({}) {{", function.name.text, parameters.join(", "));
        for binding in &function.lets {
            let _ = writeln!(out, "{indent}  let {} = {};", binding.name.text, self.text(binding.value));
        }
        let _ = writeln!(out, "{indent}  return {};\n{indent}}}", self.text(function.result));
    }

    fn block(&self, out: &mut String, block: &Match, depth: usize) {
        let indent = "  ".repeat(depth);
        let segment = |segment: &Segment| match segment {
            Segment::Literal(text, _) => format!("/{}", encode(text)),
            Segment::Capture(c) if c.glob => format!("/{{{}=**}}", c.name.text),
            Segment::Capture(c) => format!("/{{{}}}", c.name.text),
        };
        let _ = writeln!(out, "{indent}match {} {{", block.path.iter().map(segment).collect::<String>());
        block.functions.iter().for_each(|f| self.function(out, f, depth + 1));
        block.allows.iter().for_each(|a| self.allow(out, a, depth + 1));
        block.matches.iter().for_each(|m| self.block(out, m, depth + 1));
        let _ = writeln!(out, "{indent}}}");
    }

    fn allow(&self, out: &mut String, allow: &Allow, depth: usize) {
        let methods: Vec<_> = allow.methods.iter().map(|m| m.text.as_str()).collect();
        let condition = allow.condition.map_or(String::new(), |id| format!(": if {}", self.text(id)));
        let _ = writeln!(out, "{}allow {}{condition};", "  ".repeat(depth), methods.join(", "));
    }
}

/// A string literal; in source text every character that needs it is escaped by a code unit.
fn quote(text: Str<'_>, source: bool) -> String {
    let mut out = String::from("'");
    let units: Vec<u16> = text.units().collect();
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(c @ ('\'' | '\\')) => out.extend(['\\', c]),
            Ok(c @ ' '..='~') => out.push(c),
            Ok(c) if source => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")))
            }
            Ok(c) => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            Err(lone) if source => out.push_str(&format!("\\u{:04x}", lone.unpaired_surrogate())),
            // The recorded form cannot hold a lone surrogate either.
            Err(_) => out.push('?'),
        }
    }
    out.push('\'');
    out
}

/// A segment as a token: whatever the token rule does not take is percent-encoded.
fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    if let Some(inner) = inner.filter(|t| !t.is_empty() && t.bytes().all(plain)) {
        return format!("({inner})");
    }
    text.bytes().map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Shortest digits; an exponent only outside 1e-4 to 1e16 (case ast-192).
fn shortest(n: f64) -> String {
    if n == 0.0 || (1e-4..1e16).contains(&n.abs()) {
        return float_literal(n);
    }
    let text = format!("{n:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// A float literal: the language has no exponents, so all digits are written.
fn float_literal(n: f64) -> String {
    let digits = format!("{n}");
    if digits.contains('.') { digits } else { format!("{digits}.0") }
}
