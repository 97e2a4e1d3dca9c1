//! What changes in a file, in the form of `diff -u`, with secrets masked.

use super::masked::shown;
use tokenshim::config::text::decode_bytes;

/// Lines that stay, before and behind those that change.
const AROUND: usize = 3;

/// Empty where nothing changes.
pub fn diff(file: &str, before: &[u8], after: &[u8]) -> String {
    let (old, new) = (lines(before), lines(after));
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let left = old.len().min(new.len()) - same;
    let same_at_end = old.iter().rev().zip(new.iter().rev()).take(left).take_while(|(old, new)| old == new).count();
    let (old_middle, new_middle) = (&old[same..old.len() - same_at_end], &new[same..new.len() - same_at_end]);
    if old_middle.is_empty() && new_middle.is_empty() {
        return String::new();
    }
    let (first, behind) = (same.saturating_sub(AROUND), same_at_end.min(AROUND));
    let count = |middle: &[&[u8]]| same - first + middle.len() + behind;
    let start = |count: usize| if count == 0 { 0 } else { first + 1 };
    let (old_count, new_count) = (count(old_middle), count(new_middle));
    let mut text = format!("--- {file}\n+++ {file}\n@@ -{},{old_count} +{},{new_count} @@\n", start(old_count), start(new_count));
    old[first..same].iter().for_each(|line| push(&mut text, ' ', line));
    middle(&mut text, old_middle, new_middle);
    old[old.len() - same_at_end..][..behind].iter().for_each(|line| push(&mut text, ' ', line));
    text
}

/// By the longest common subsequence: a section has few lines.
fn middle(text: &mut String, old: &[&[u8]], new: &[&[u8]]) {
    let mut longest = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for (i, j) in (0..old.len()).rev().flat_map(|i| (0..new.len()).rev().map(move |j| (i, j))) {
        longest[i][j] = if old[i] == new[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            push(text, ' ', old[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && longest[i + 1][j] >= longest[i][j + 1] {
            push(text, '-', old[i]);
            i += 1;
        } else {
            push(text, '+', new[j]);
            j += 1;
        }
    }
}

fn push(text: &mut String, sign: char, line: &[u8]) {
    text.push(sign);
    text.push_str(&masked(&decode_bytes(line.trim_ascii_end())));
    text.push('\n');
    if !line.ends_with(b"\n") {
        text.push_str("\\ No newline at end of file\n");
    }
}

/// A line as it may be shown, a comment too.
fn masked(line: &str) -> String {
    let Some((key, value)) = line.split_once('=') else { return line.to_owned() };
    let word = key.rsplit([' ', ':', '#', ';', '\t']).find(|word| !word.is_empty()).unwrap_or_default();
    let bare = value.trim();
    match shown(word, bare) {
        shown if shown == bare => line.to_owned(),
        shown => format!("{key}={shown}"),
    }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_each_line_that_changes_between_some_that_stay_and_no_secret() {
        let before = b"1\n2\n3\n4\n[A]\nDriver=/a.so\nPWD=s3cr3t\n5\n6\n7\n8\n";
        let after = b"1\n2\n3\n4\n[A]\nDriver=/b.so\n# tokenshim replaced: pwd = s3cr3t\nTokenClientSecret=s3cr3t\n5\n6\n7\n8\n";
        let shown = "--- f\n+++ f\n@@ -3,8 +3,9 @@\n 3\n 4\n [A]\n-Driver=/a.so\n-PWD=***\n+Driver=/b.so\n+# tokenshim replaced: pwd =***\n\
                     +TokenClientSecret=***\n 5\n 6\n 7\n";
        assert_eq!(diff("f", before, after), shown);
        assert_eq!(diff("f", before, before), "");
        assert_eq!(diff("f", b"", b"x"), "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+x\n\\ No newline at end of file\n");
    }
}
