//! How a [`SongSettings`] lies in the catalogue: a JSON object, read field by field. A field of a newer
//! croon stays where it is, and one that cannot be read counts as never set; only what really changed
//! is written, so neither is lost.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::lyrics::{LyricsSource, Pick};
use crate::song_settings::{Choices, LOUDEST_LEVEL, OFFSET_RANGE_MS, SongSettings, playable_loop};

pub(super) type SettingsRecord = Map<String, Value>;

/// The shape written here. A higher number may add fields; these keep their meaning.
const VERSION: u64 = 1;

pub(super) fn read(record: &SettingsRecord) -> SongSettings {
    let whole = |name: &str| record.get(name).and_then(Value::as_i64);
    SongSettings {
        own: read_choices(record),
        singers: read_singers(record),
        lyrics_offset_ms: whole("lyrics_offset_ms").map_or(0, |ms| {
            ms.clamp((-OFFSET_RANGE_MS).into(), OFFSET_RANGE_MS.into()) as i32
        }),
        lyrics_from: record.get("lyrics_from").and_then(read_pick),
        loop_seconds: record.get("loop").and_then(read_loop),
        pinned: record.get("pinned").and_then(Value::as_bool).unwrap_or(false),
        plays: whole("plays").map_or(0, |n| n.clamp(0, u32::MAX.into()) as u32),
        last_sung: whole("last_sung").unwrap_or(0).max(0),
    }
}

/// Brings a record from what it says to `memory`, touching only what differs.
pub(super) fn write(record: &mut SettingsRecord, memory: &SongSettings) {
    let before = read(record);
    let mut set = |name: &str, differs: bool, value: Value| {
        if differs {
            record.insert(name.to_owned(), value);
        }
    };
    set(
        "lyrics_offset_ms",
        memory.lyrics_offset_ms != before.lyrics_offset_ms,
        json!(memory.lyrics_offset_ms),
    );
    set(
        "lyrics_from",
        memory.lyrics_from != before.lyrics_from,
        memory.lyrics_from.as_ref().map_or(
            Value::Null,
            |pick| json!({ "source": pick.source.key(), "name": pick.name }),
        ),
    );
    set(
        "loop",
        memory.loop_seconds != before.loop_seconds,
        json!(memory.loop_seconds),
    );
    set("pinned", memory.pinned != before.pinned, json!(memory.pinned));
    set("plays", memory.plays != before.plays, json!(memory.plays));
    set(
        "last_sung",
        memory.last_sung != before.last_sung,
        json!(memory.last_sung),
    );
    write_choices(record, &before.own, &memory.own);
    if memory.singers != before.singers {
        write_singers(record, &before.singers, &memory.singers);
    }
    let version = record.get("version").and_then(Value::as_u64);
    record.insert("version".into(), json!(version.unwrap_or(0).max(VERSION)));
}

fn read_choices(record: &SettingsRecord) -> Choices {
    let whole = |name: &str| record.get(name).and_then(Value::as_i64);
    Choices {
        level: whole("level").map(|percent| percent.clamp(0, LOUDEST_LEVEL.into()) as u8),
        // `KeyTempo` holds them to their ranges.
        key: whole("key").map(|key| key.clamp(i8::MIN.into(), i8::MAX.into()) as i8),
        tempo: whole("tempo").map(|percent| percent.clamp(0, u8::MAX.into()) as u8),
    }
}

fn write_choices(record: &mut SettingsRecord, before: &Choices, now: &Choices) {
    let pairs = [
        ("level", before.level.map(i64::from), now.level.map(i64::from)),
        ("key", before.key.map(i64::from), now.key.map(i64::from)),
        ("tempo", before.tempo.map(i64::from), now.tempo.map(i64::from)),
    ];
    for (name, before, now) in pairs {
        match now {
            Some(value) if before != now => drop(record.insert(name.into(), json!(value))),
            None if before.is_some() => drop(record.remove(name)),
            _ => {}
        }
    }
}

fn read_singers(record: &SettingsRecord) -> BTreeMap<String, Choices> {
    let singers = record.get("singers").and_then(Value::as_object);
    singers
        .into_iter()
        .flatten()
        .filter_map(|(name, choices)| Some((name.clone(), read_choices(choices.as_object()?))))
        .collect()
}

fn write_singers(
    record: &mut SettingsRecord,
    before: &BTreeMap<String, Choices>,
    now: &BTreeMap<String, Choices>,
) {
    let singers = record.entry("singers").or_insert_with(|| json!({}));
    if !singers.is_object() {
        *singers = json!({});
    }
    let Some(singers) = singers.as_object_mut() else {
        return;
    };
    for gone in before.keys().filter(|name| !now.contains_key(*name)) {
        singers.remove(gone);
    }
    for (name, choices) in now {
        let entry = singers.entry(name.clone()).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            let was = before.get(name).copied().unwrap_or_default();
            write_choices(entry, &was, choices);
        }
    }
}

fn read_loop(value: &Value) -> Option<(f64, f64)> {
    let ends = value.as_array()?;
    playable_loop((ends.first()?.as_f64()?, ends.get(1)?.as_f64()?))
}

fn read_pick(value: &Value) -> Option<Pick> {
    let text = |name: &str| value.get(name)?.as_str();
    Some(Pick {
        source: LyricsSource::from_key(text("source")?)?,
        name: text("name").unwrap_or_default().to_owned(),
    })
}

/// What croon kept before there was one record: choices in one place, use in another.
pub(super) fn of_old_records(
    settings: Option<&SettingsRecord>,
    song_use: Option<&SettingsRecord>,
) -> SongSettings {
    let number = |name: &str| settings?.get(name)?.as_f64().filter(|n| n.is_finite());
    let whole = |name: &str| song_use?.get(name)?.as_i64();
    // Casts from floats stop at the ends of the integer.
    SongSettings {
        own: Choices {
            level: number("vocal_level").map(|level| (level.clamp(0.0, 1.0) * 100.0).round() as u8),
            key: number("key").map(|key| key.round() as i8),
            tempo: number("tempo").map(|tempo| (tempo * 100.0).round() as u8),
        },
        lyrics_offset_ms: number("lyrics_offset").map_or(0, |seconds| (seconds * 1000.0).round() as i32),
        pinned: song_use
            .and_then(|record| record.get("pinned")?.as_bool())
            .unwrap_or(false),
        plays: whole("times_sung").map_or(0, |n| n.clamp(0, u32::MAX.into()) as u32),
        last_sung: whole("last_sung").unwrap_or(0).max(0),
        ..SongSettings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_tempo::KeyTempo;
    use crate::song_settings::Change;

    fn record(text: &str) -> SettingsRecord {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut memory = SongSettings::default();
        for change in [
            Change::Level(25),
            Change::KeyTempo(KeyTempo::new(-3, 85)),
            Change::LyricsOffset(-250),
            Change::LyricsFrom(Some(Pick {
                source: LyricsSource::Tags,
                name: "SYLT eng".into(),
            })),
            Change::Loop(Some((1.25, 9.5))),
            Change::Pinned(true),
            Change::Sung(1_790_000_000),
        ] {
            memory.apply(None, change.clone());
            memory.apply(Some("Ana"), change);
        }
        let mut written = SettingsRecord::new();
        write(&mut written, &memory);
        assert_eq!(read(&written), memory);
        write(&mut written, &SongSettings::default());
        assert_eq!(read(&written), SongSettings::default());
    }

    #[test]
    fn a_newer_croons_fields_stay_and_do_not_stop_ours_from_being_read() {
        let mut stored = record(
            r#"{"version": 7, "level": 40, "loop": {"bars": [3, 4]}, "mood": "blue", "plays": 2,
                "singers": {"ana": {"level": 10, "range": "A2-E4"}, "choir": [1, 2]}}"#,
        );
        let mut memory = read(&stored);
        assert_eq!(
            (memory.own.level, memory.plays, memory.loop_seconds),
            (Some(40), 2, None)
        );
        assert_eq!(memory.level(Some("Ana")), Some(10));
        memory.apply(Some("Ana"), Change::KeyTempo(KeyTempo::new(2, 100)));
        memory.apply(None, Change::Sung(9));
        write(&mut stored, &memory);
        let expected = record(
            r#"{"version": 7, "level": 40, "loop": {"bars": [3, 4]}, "mood": "blue", "plays": 3, "last_sung": 9,
                "singers": {"ana": {"level": 10, "range": "A2-E4", "key": 2}, "choir": [1, 2]}}"#,
        );
        assert_eq!(stored, expected);
    }

    #[test]
    fn nonsense_counts_as_never_set() {
        let memory = read(&record(
            r#"{"level": 900, "key": "high", "tempo": -4, "lyrics_offset_ms": 1e9, "loop": [3, 1],
                "lyrics_from": {"source": "moon"}, "pinned": 1, "plays": -7, "last_sung": "today", "singers": 3}"#,
        ));
        let expected = SongSettings {
            own: Choices {
                level: Some(LOUDEST_LEVEL),
                key: None,
                tempo: Some(0),
            },
            ..SongSettings::default()
        };
        assert_eq!(memory, expected);
        assert_eq!(memory.key_tempo(None), KeyTempo::new(0, 50));
    }

    #[test]
    fn the_two_records_of_before_become_one() {
        let settings = record(r#"{"vocal_level": 0.35, "lyrics_offset": 0.15, "key": -2.0, "tempo": 0.9}"#);
        let song_use = record(r#"{"last_sung": 1700000000, "times_sung": 4, "pinned": true}"#);
        let memory = of_old_records(Some(&settings), Some(&song_use));
        let expected = SongSettings {
            own: Choices {
                level: Some(35),
                key: Some(-2),
                tempo: Some(90),
            },
            lyrics_offset_ms: 150,
            pinned: true,
            plays: 4,
            last_sung: 1_700_000_000,
            ..SongSettings::default()
        };
        assert_eq!(memory, expected);
        assert_eq!(of_old_records(None, None), SongSettings::default());
    }
}
