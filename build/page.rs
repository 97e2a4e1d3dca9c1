//! docs/c-api.md, made of the header: the same comments, in Markdown.

use std::fmt::Write;

const BEGIN: &str = "# The C interface\n\n`make header` writes this page from the comments in `src/capi/`, of which `include/tokenshim.h` is made, too; \
    where it differs the build fails.\n";

/// A comment of the header, and what it is about.
struct Item<'a> {
    comment: String,
    /// The declaration, as C has it, without the comments inside.
    code: String,
    name: &'a str,
}

/// The page for this header.
pub fn page(header: &str) -> String {
    let (intro, rest) = header.trim_start().strip_prefix("/*").and_then(|header| header.split_once("*/")).unwrap_or_default();
    let items = items(rest);
    let of_kind = |kind: fn(&str) -> bool| items.iter().filter(move |item| kind(&item.code));
    let is_type = |code: &str| code.starts_with("typedef");
    let is_constant = |code: &str| code.starts_with("#define");
    let mut page = format!("{BEGIN}\n{}\n\n## Functions\n\n| function | |\n| --- | --- |\n", prose(intro));
    for item in of_kind(|code| !code.starts_with("typedef") && !code.starts_with('#')) {
        let _ = writeln!(page, "| [{0}](#{0}) | {1} |", item.name, sentence(&item.comment));
    }
    for item in of_kind(|code| !code.starts_with("typedef") && !code.starts_with('#')) {
        section(&mut page, item);
    }
    page.push_str("\n## Types\n");
    of_kind(is_type).for_each(|item| section(&mut page, item));
    page.push_str("\n## Constants\n\n| constant | value | |\n| --- | --- | --- |\n");
    for item in of_kind(is_constant) {
        let value = item.code.rsplit(' ').next().unwrap_or_default();
        let _ = writeln!(page, "| `{}` | {value} | {} |", item.name, prose(&item.comment).replace("\n\n", " ").replace('\n', " "));
    }
    page
}

fn section(page: &mut String, item: &Item) {
    let _ = write!(page, "\n### {}\n\n```c\n{}\n```\n\n{}\n", item.name, item.code, prose(&item.comment));
}

/// All that has a comment, outermost.
fn items(mut rest: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    while let Some((comment, behind)) = rest.split_once("\n/*\n").and_then(|(_, behind)| behind.split_once("\n */\n")) {
        // A declaration ends with a line that is not indented and ends with a semicolon; a constant with its line.
        let mut end = 0;
        for line in behind.split_inclusive('\n') {
            end += line.len();
            let is_whole = behind.starts_with("#define") || !line.starts_with("  ") && line.trim_end().ends_with(';');
            if is_whole || line.trim_end().ends_with(");") {
                break;
            }
        }
        let code = &behind[..end];
        items.push(Item { comment: comment.to_owned(), code: members(code), name: name(code) });
        rest = &behind[end - 1..];
    }
    items
}

/// The name that a declaration gives.
fn name(code: &str) -> &str {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(constant) = code.strip_prefix("#define ") {
        return constant.split_whitespace().next().unwrap_or_default();
    }
    let place = match code.rsplit_once('}') {
        Some((_, place)) => place,
        None if code.starts_with("typedef") => code.split_once("(*").map_or_else(|| code.rsplit(' ').next().unwrap_or_default(), |(_, name)| name),
        None => code.split_once('(').map_or("", |(before, _)| before.rsplit([' ', '*']).next().unwrap_or_default()),
    };
    place.trim_start().split(|c| !is_inside(c)).next().unwrap_or_default()
}

/// A declaration, with each comment inside on the line of what it is about.
fn members(code: &str) -> String {
    let (mut told, mut lines) = (String::new(), code.trim_end().lines().peekable());
    while let Some(line) = lines.next() {
        if line.trim() != "/*" {
            let _ = writeln!(told, "{line}");
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let comment: Vec<&str> = lines.by_ref().map(str::trim).take_while(|line| *line != "*/").collect();
        let _ = writeln!(told, "{indent}/* {} */", comment.join(&format!("\n{indent}   ")));
    }
    told.trim_end().to_owned()
}

/// A comment as Markdown: names that are code look like code.
fn prose(comment: &str) -> String {
    let lines: Vec<String> = comment.trim().lines().map(|line| marked(line.trim())).collect();
    lines.join("\n")
}

fn sentence(comment: &str) -> String {
    let whole = prose(comment).replace('\n', " ");
    let end = whole.find(": ").into_iter().chain(whole.find(". ")).min().unwrap_or(whole.len());
    whole[..end].trim_end_matches('.').to_owned()
}

fn marked(line: &str) -> String {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut marked, mut is_code, mut rest) = (String::new(), false, line);
    while let Some(c) = rest.chars().next() {
        let word = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
        if word == 0 {
            is_code ^= c == '`';
            marked.push_str(if c == '|' && !is_code { "\\|" } else { &rest[..c.len_utf8()] });
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let name = &rest[..word];
        let is_name = !is_code && (name.starts_with("TOKENSHIM_") || name.starts_with("tokenshim_"));
        marked.push_str(&if is_name { format!("`{name}`") } else { name.to_owned() });
        rest = &rest[word..];
    }
    marked
}
