//! The text of odbcinst.ini, changed at one section and nowhere else: what install writes stands between two comments, and a line that it
//! replaces stays as a comment, so that uninstall can give back every byte.

use tokenshim::config::text::decode_bytes;

/// Before what install wrote. What else uninstall has to know goes on behind it.
const BEGIN: &str = "# >>> tokenshim install";
/// Behind it.
const END: &str = "# <<< tokenshim install";
/// Before a line that was there, and counts no more.
const REPLACED: &str = "# tokenshim replaced: ";
/// The file did not end in a newline.
const OPEN_END: &str = " (the line above had no newline)";

/// Keys and values, in their order.
pub type Entries = Vec<(String, String)>;

/// Whether there is a section of this name.
pub fn has(text: &[u8], name: &str) -> bool {
    section(&lines(text), name).is_some()
}

/// Puts `ours` into the section, before all else; lines of its own with the same keys count no more. `None` where there is no such section.
pub fn put_in(text: &[u8], name: &str, ours: &Entries) -> Option<Vec<u8>> {
    let lines = lines(text);
    let place = section(&lines, name)?;
    let mut written = lines[..=place.header].concat();
    if !written.ends_with(b"\n") {
        written.push(b'\n');
    }
    begin(&mut written, "");
    entries(&mut written, ours);
    end(&mut written);
    for line in &lines[place.header + 1..place.end] {
        if key(line).is_some_and(|key| ours.iter().any(|(our, _)| our.eq_ignore_ascii_case(&key))) {
            written.extend_from_slice(REPLACED.as_bytes());
        }
        written.extend_from_slice(line);
    }
    written.extend(lines[place.end..].concat());
    Some(written)
}

/// Adds a section at the end.
pub fn add(text: &[u8], name: &str, all: &Entries) -> Vec<u8> {
    let mut written = text.to_vec();
    let is_open = !text.is_empty() && !text.ends_with(b"\n");
    if is_open {
        written.push(b'\n');
    }
    begin(&mut written, if is_open { OPEN_END } else { "" });
    written.extend_from_slice(format!("[{name}]\n").as_bytes());
    entries(&mut written, all);
    end(&mut written);
    written
}

/// The text before [`put_in`] or [`add`]. `None` where neither wrote at this section, or another program took the comments out.
pub fn taken_back(text: &[u8], name: &str) -> Option<Vec<u8>> {
    let lines = lines(text);
    let place = section(&lines, name)?;
    let end = (place.header..place.end).find(|at| is_comment(lines[*at], END))?;
    if place.is_marked_new(&lines) {
        // What somebody added to the section goes with it; blank lines and comments may be the next one's.
        let is_its_own = |line: &[u8]| key(line).is_some();
        let rest = (end + 1..place.end).rev().find(|at| is_its_own(lines[*at])).map_or(end + 1, |last| last + 1);
        let mut written = lines[..place.header - 1].concat();
        if String::from_utf8_lossy(lines[place.header - 1]).contains(OPEN_END) && written.ends_with(b"\n") && rest == lines.len() {
            written.pop();
        }
        written.extend(lines[rest..].concat());
        return Some(written);
    }
    if !place.is_marked_inside(&lines) {
        return None;
    }
    let mut written = lines[..=place.header].concat();
    for line in &lines[end + 1..place.end] {
        written.extend_from_slice(line.strip_prefix(REPLACED.as_bytes()).unwrap_or(line));
    }
    written.extend(lines[place.end..].concat());
    Some(written)
}

/// The text with each of `set` in the section in place of what its key says now, and without the keys that `goes` names: what can be done
/// where another program has taken the comments out.
pub fn rewritten(text: &[u8], name: &str, set: &Entries, goes: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    let lines = lines(text);
    let place = section(&lines, name)?;
    let mut written = lines[..=place.header].concat();
    for line in &lines[place.header + 1..place.end] {
        let key = key(line);
        match (&key, set.iter().find(|(each, _)| key.as_ref().is_some_and(|key| each.eq_ignore_ascii_case(key)))) {
            (_, Some(entry)) => entries(&mut written, std::slice::from_ref(entry)),
            (Some(key), None) if goes(key) => {}
            _ => written.extend_from_slice(line),
        }
    }
    written.extend(lines[place.end..].concat());
    Some(written)
}

/// Where a section stands among the lines.
struct Place {
    header: usize,
    /// The next section's header, or the comment of install's that stands before it.
    end: usize,
}

impl Place {
    fn is_marked_new(&self, lines: &[&[u8]]) -> bool {
        self.header > 0 && is_comment(lines[self.header - 1], BEGIN)
    }

    fn is_marked_inside(&self, lines: &[&[u8]]) -> bool {
        lines.get(self.header + 1).is_some_and(|line| is_comment(line, BEGIN))
    }
}

/// The first section of this name, in whatever case: it is the one that counts.
fn section(lines: &[&[u8]], name: &str) -> Option<Place> {
    let is_named = |line: &&[u8]| header(line).is_some_and(|header| header.eq_ignore_ascii_case(name));
    let header_at = lines.iter().position(is_named)?;
    let next = (header_at + 1..lines.len()).find(|at| header(lines[*at]).is_some());
    let end = next.map_or(lines.len(), |next| next - usize::from(next > header_at + 1 && is_comment(lines[next - 1], BEGIN)));
    Some(Place { header: header_at, end })
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

fn header(line: &[u8]) -> Option<String> {
    let inside = line.trim_ascii_start().strip_prefix(b"[")?;
    let end = inside.iter().position(|byte| *byte == b']').unwrap_or(inside.len());
    Some(decode_bytes(inside[..end].trim_ascii()))
}

/// The key of a line that sets one.
fn key(line: &[u8]) -> Option<String> {
    let line = line.trim_ascii();
    let end = line.iter().position(|byte| *byte == b'=').unwrap_or(line.len());
    let is_setting = !line.is_empty() && !matches!(line[0], b'#' | b';' | b'[');
    is_setting.then(|| decode_bytes(line[..end].trim_ascii()))
}

fn is_comment(line: &[u8], comment: &str) -> bool {
    line.starts_with(comment.as_bytes())
}

fn begin(written: &mut Vec<u8>, more: &str) {
    written.extend_from_slice(format!("{BEGIN}{more}\n").as_bytes());
}

fn entries(written: &mut Vec<u8>, entries: &[(String, String)]) {
    for (key, value) in entries {
        written.extend_from_slice(format!("{key}={value}\n").as_bytes());
    }
}

fn end(written: &mut Vec<u8>) {
    written.extend_from_slice(format!("{END}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Entries {
        [("Driver", "/shim.so"), ("RealDriver", "/real.so")].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    const FILES: &[&str] = &[
        "",
        "[A]\nDriver=/a.so",
        "; words\n\n[A]\r\nDriver = /a.so\r\n\r\n[ODBC]\nPooling=No\n\n# the end",
        "[b]\ndriver=/real.so\n# of b\n\n[A]\nDriver=/a.so\n  Threading = 0\nDRIVER=/second.so\n",
        "[x]\n[A]\nDriver=/a.so\n[a]\nDriver=/other.so\n",
    ];

    #[test]
    fn whatever_was_put_into_a_file_is_taken_back_to_the_byte() {
        for text in FILES {
            let text = text.as_bytes();
            let added = add(text, "New", &ours());
            assert_eq!(taken_back(&added, "new").as_deref(), Some(text));
            let twice = add(&added, "Newer", &ours());
            assert_eq!(taken_back(&taken_back(&twice, "New").expect("new"), "Newer").expect("newer").trim_ascii_end(), text.trim_ascii_end());
            assert_eq!(taken_back(&taken_back(&twice, "Newer").expect("newer"), "New").as_deref(), Some(text));
            if has(text, "A") {
                let changed = put_in(text, "a", &ours()).expect("a section");
                assert!(changed != text);
                assert_eq!(taken_back(&changed, "A").as_deref(), Some(text));
                assert_eq!(taken_back(&taken_back(&put_in(&added, "A", &ours()).expect("a"), "New").expect("new"), "A").as_deref(), Some(text));
            }
            assert!(taken_back(text, "A").is_none());
        }
    }

    #[test]
    fn lines_that_count_no_more_stay_as_comments() {
        let changed = put_in(b"[A]\nDriver=/a.so\nThreading=0\n[B]\nDriver=/b.so\n", "A", &ours()).expect("a section");
        let words = "[A]\n# >>> tokenshim install\nDriver=/shim.so\nRealDriver=/real.so\n# <<< tokenshim install\n\
                     # tokenshim replaced: Driver=/a.so\nThreading=0\n[B]\nDriver=/b.so\n";
        assert_eq!(String::from_utf8_lossy(&changed), words);
    }

    #[test]
    fn what_somebody_added_to_a_section_of_installs_goes_with_it_and_the_next_ones_comment_stays() {
        let mut text = add(b"[A]\nDriver=/a.so\n", "New", &ours());
        text.extend_from_slice(b"Threading=0\n\n# of B\n[B]\nDriver=/b.so\n");
        assert_eq!(taken_back(&text, "New").as_deref(), Some(&b"[A]\nDriver=/a.so\n\n# of B\n[B]\nDriver=/b.so\n"[..]));
    }

    #[test]
    fn without_its_comments_a_section_can_still_be_led_back_to_the_real_driver() {
        let text = b"[A]\nDriver=/shim.so\nRealDriver=/real.so\nTokenSource=env\nThreading=0\n[B]\nTokenSource=env\n";
        let set = vec![("Driver".to_owned(), "/real.so".to_owned())];
        let written = rewritten(text, "A", &set, |key| key.starts_with("Token") || key == "RealDriver").expect("a section");
        assert_eq!(String::from_utf8_lossy(&written), "[A]\nDriver=/real.so\nThreading=0\n[B]\nTokenSource=env\n");
    }
}
