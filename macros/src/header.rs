//! What stands before the text: attributes, visibility, the name of the module, a dimension.
//!
//! In:   the tokens of the macro.
//! Out:  [`Header`], with the text's own tokens or the path of its file.

use crate::message::Message;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// The words around the text.
#[derive(Debug)]
pub struct Header {
    /// Attributes and documentation of the module, then its visibility.
    pub outer: TokenStream,
    /// The name given with `mod`.
    pub name: Option<Ident>,
    /// The dimension given with `N = 2`.
    pub dimension: Option<(usize, Span)>,
    pub origin: Origin,
    /// Of the macro, or of the words after `mod`, for complaints about no word of the text.
    pub place: Span,
}

/// Where the text is.
#[derive(Debug)]
pub enum Origin {
    Tokens(TokenStream),
    /// A path and its place.
    File(String, Span),
}

impl Header {
    /// Splits the header from the text.
    pub fn parse(input: TokenStream) -> Result<Header, Message> {
        let tokens = flat(input);
        let mut rest = tokens.as_slice();
        let attributes = attributes(&mut rest);
        let visibility = visibility(&mut rest);
        let place = rest.first().map_or_else(Span::call_site, TokenTree::span);
        let outer = attributes.iter().chain(visibility).cloned().collect();
        let header = |name, dimension, origin, place| Header { outer, name, dimension, origin, place };
        match rest {
            [TokenTree::Ident(word), TokenTree::Ident(name), after @ ..] if word == "mod" => {
                let mut after = after;
                let dimension = dimension(&mut after)?;
                let body = body(name, after)?;
                Ok(header(Some(name.clone()), dimension, Origin::Tokens(body.stream()), name.span()))
            }
            [TokenTree::Ident(word), TokenTree::Literal(path), after @ ..] if word == "file" => {
                let mut after = after;
                let dimension = dimension(&mut after)?;
                match after {
                    [] => {}
                    [TokenTree::Punct(p)] if p.as_char() == ';' => {}
                    [unexpected, ..] => {
                        let message = format!("`{unexpected}` is not expected after the file");
                        return Err(Message::at(unexpected.span(), message).help("write `file \"pde/yukawa.pde\", N = 2`"));
                    }
                }
                let origin = Origin::File(quoted(&path.to_string(), path.span())?, path.span());
                Ok(header(None, dimension, origin, place))
            }
            [TokenTree::Ident(word), path @ ..] if word == "file" && is_path(path) => {
                let given = path.first().map_or(word.span(), TokenTree::span);
                Err(Message::at(given, "the path of a file is a text in quotes").help("write `file \"pde/heat.pde\"`"))
            }
            [TokenTree::Literal(text), ..] if text.to_string().starts_with('"') => {
                Err(Message::at(text.span(), "an equation is not quoted")
                    .help("write the text itself, or `file \"pde/heat.pde\"` for the text of a file"))
            }
            [TokenTree::Ident(name), TokenTree::Punct(comma), TokenTree::Ident(n), ..]
                if comma.as_char() == ',' && n == "N" =>
            {
                Err(Message::at(name.span(), format!("`{name}` is no equation"))
                    .help(&format!("write `mod {name}, N = 2 {{ phi_t - lap(phi) = 0 }}` for a module of this name")))
            }
            [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Punct(comma), ..]
                if word == "pde" && comma.as_char() == ',' =>
            {
                Err(Message::at(comma.span(), format!("the braces of the block `{name}` are expected here"))
                    .help("a block gives its dimension inside: `space x in R^2;`"))
            }
            [TokenTree::Ident(word), _, TokenTree::Group(_), second @ TokenTree::Ident(again), ..]
                if word == "pde" && (again == "pde" || again == "mod") =>
            {
                Err(one_module(second.span()))
            }
            [TokenTree::Ident(word), ..] if word == "pde" => {
                Ok(header(None, None, Origin::Tokens(rest.iter().cloned().collect()), place))
            }
            _ if visibility.is_empty() && attributes.is_empty() => {
                Ok(header(None, None, Origin::Tokens(rest.iter().cloned().collect()), place))
            }
            _ => Err(Message::at(place, "a visibility, attributes and documentation need a named module")
                .help("write `pub mod heat { phi_t - lap(phi) = 0 where N = 2 }`, `pub pde heat { ... }` or `pub file \"heat.pde\"`")),
        }
    }
}

/// Without the invisible groups around the fragments of another macro.
fn flat(input: TokenStream) -> Vec<TokenTree> {
    let mut out = Vec::new();
    for token in input {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => out.extend(flat(group.stream())),
            other => out.push(other),
        }
    }
    out
}

fn attributes<'a>(rest: &mut &'a [TokenTree]) -> &'a [TokenTree] {
    let all = *rest;
    while let [TokenTree::Punct(hash), TokenTree::Group(group), after @ ..] = *rest
        && hash.as_char() == '#'
        && group.delimiter() == Delimiter::Bracket
    {
        *rest = after;
    }
    &all[..all.len() - rest.len()]
}

fn visibility<'a>(rest: &mut &'a [TokenTree]) -> &'a [TokenTree] {
    let all = *rest;
    match *rest {
        [TokenTree::Ident(word), TokenTree::Group(group), after @ ..]
            if word == "pub" && group.delimiter() == Delimiter::Parenthesis =>
        {
            *rest = after;
        }
        [TokenTree::Ident(word), after @ ..] if word == "pub" => *rest = after,
        _ => {}
    }
    &all[..all.len() - rest.len()]
}

/// `, N = 2`.
fn dimension(rest: &mut &[TokenTree]) -> Result<Option<(usize, Span)>, Message> {
    let [TokenTree::Punct(comma), after @ ..] = *rest else { return Ok(None) };
    if comma.as_char() != ',' {
        return Ok(None);
    }
    match after {
        [TokenTree::Ident(n), TokenTree::Punct(equal), TokenTree::Literal(value), after @ ..]
            if n == "N" && equal.as_char() == '=' =>
        {
            let whole = value.to_string().parse().ok().filter(|n| *n > 0);
            let whole =
                whole.ok_or_else(|| Message::at(value.span(), "the dimension N must be a whole number, 1 or more"))?;
            *rest = after;
            Ok(Some((whole, value.span())))
        }
        _ => {
            let at = after.first().map_or(comma.span(), TokenTree::span);
            Err(Message::at(at, "only the dimension can stand here").help("write `, N = 2`"))
        }
    }
}

fn body<'a>(name: &Ident, after: &'a [TokenTree]) -> Result<&'a Group, Message> {
    match after {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace => Ok(group),
        [TokenTree::Group(group), next, ..] if group.delimiter() == Delimiter::Brace => Err(one_module(next.span())),
        [TokenTree::Punct(comma), unexpected, ..] if comma.as_char() == ',' => {
            Err(Message::at(unexpected.span(), "only the dimension can stand before the braces, once"))
        }
        [TokenTree::Ident(n), TokenTree::Punct(equal), TokenTree::Literal(value), ..]
            if n == "N" && equal.as_char() == '=' =>
        {
            Err(Message::at(n.span(), format!("a comma is missing behind the name `{name}`"))
                .help(&format!("write `mod {name}, N = {value} {{ ... }}`")))
        }
        _ => {
            let at = after.first().map_or(name.span(), TokenTree::span);
            let help = format!("write `mod {name} {{ phi_t - lap(phi) = 0 where N = 2 }}`");
            Err(Message::at(at, format!("the equation of the module `{name}` stands in braces")).help(&help))
        }
    }
}

fn one_module(second: Span) -> Message {
    Message::at(second, "one macro makes one module").help("write a second `genphys! { ... }`")
}

/// Is it a path in brackets, or the first word of a path that is not quoted? An equation may have a letter `file`.
fn is_path(tokens: &[TokenTree]) -> bool {
    match tokens {
        [TokenTree::Group(group), ..] => matches!(group.stream().into_iter().next(), Some(TokenTree::Literal(_))),
        [TokenTree::Ident(_), TokenTree::Punct(dot), ..] => dot.as_char() == '.',
        _ => false,
    }
}

/// The text of a string literal without escapes.
fn quoted(literal: &str, span: Span) -> Result<String, Message> {
    let inside = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(path) if !path.contains('\\') && !path.is_empty() => Ok(path.to_owned()),
        _ => {
            Err(Message::at(span, "the path of a file is a plain text in quotes")
                .help("write `file \"pde/yukawa.pde\"`"))
        }
    }
}
