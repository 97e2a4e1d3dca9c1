//! `docs/logs.md` against the table of events: each has its row, with its level and its fields.

use std::fs;
use std::path::Path;
use tokenshim::log::EVENTS;

#[test]
fn the_page_of_logs_has_each_event_with_its_level_and_its_fields() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/logs.md")).expect("docs/logs.md");
    let rows: Vec<&str> = page.lines().skip_while(|line| !line.starts_with("| event |")).skip(2).take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), EVENTS.len());
    for (row, event) in rows.iter().zip(EVENTS) {
        let fields: Vec<String> = event.fields.iter().map(|field| format!("`{field}`")).collect();
        let begin = format!("| `{}` | {} | {} | ", event.name, event.level.name(), fields.join(", "));
        assert!(row.starts_with(&begin) && row.len() > begin.len() + 10, "{row}\nis not\n{begin}…");
    }
}
