use super::*;

fn scores(sdr: f64) -> Scores {
    let stem = |sdr: f64| StemScores {
        sdr: Some(sdr),
        whole_sdr: Some(sdr + 0.5),
        ..StemScores::default()
    };
    Scores {
        vocals: stem(sdr),
        accompaniment: stem(sdr + 4.0),
        leak: (sdr > 2.0).then_some(-20.0),
    }
}

fn row(song: &str, sdr: f64) -> ReportRow {
    ReportRow {
        song: song.into(),
        seconds: 10.0,
        took: Some(0.5),
        times_real_time: Some(20.0),
        methods: vec![
            Method {
                method: "net".into(),
                scores: scores(sdr),
            },
            Method {
                method: "mixture as vocals".into(),
                scores: scores(sdr - 6.0),
            },
        ],
        vocals_windows: vec![BssWindow::default()],
        accompaniment_windows: vec![BssWindow::default()],
    }
}

fn report() -> Report {
    let songs = vec![row("b, \"live\"", 1.0), row("a", 5.0), row("雨", 3.0)];
    let (medians, means) = summary(&songs);
    Report {
        croon: "0.0.0".into(),
        definitions: DEFINITIONS,
        judged: Judged::Engine {
            version: "0.0.0".into(),
            model: "net".into(),
            model_sha256: "f".repeat(64),
            device: "CPU".into(),
            why: "a test".into(),
            peak_memory: None,
        },
        songs,
        problems: Vec::new(),
        medians,
        means,
        peak_memory: Some(50_000_000),
    }
}

#[test]
fn medians_and_means_are_over_the_songs_that_have_the_figure() {
    let report = report();
    let [net, mixture] = &report.medians[..] else {
        panic!("{:?}", report.medians)
    };
    assert_eq!(net.scores.vocals.sdr, Some(3.0));
    assert_eq!(net.scores.accompaniment.whole_sdr, Some(7.5));
    assert_eq!((net.scores.leak, net.scores.vocals.sir), (Some(-20.0), None));
    assert_eq!(
        (&mixture.method[..], mixture.scores.leak),
        ("mixture as vocals", None)
    );
    assert_eq!(report.means[0].scores.vocals.sdr, Some(3.0));
    assert_eq!(summary(&[]), (Vec::new(), Vec::new()));
}

#[test]
fn the_table_has_a_line_per_song_and_method() {
    let text = report().text();
    for wanted in [
        "vocals, dB",
        "accompaniment, dB",
        "medians of 3 songs",
        "unknown",
        "50 MB",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
    }
    let lines: Vec<&str> = text.lines().collect();
    let a = lines.iter().find(|line| line.starts_with("a ")).unwrap();
    let cells: Vec<&str> = a.split_whitespace().collect();
    assert_eq!(cells, ["a", "5.00", "-", "-", "-", "5.50", "-", "-20.00", "20.0"]);
    assert!(text.contains("20.0 times real time"), "{text}");
    assert!(
        text.contains("mean of whole-song SDR: vocals 3.50, accompaniment 7.50 dB"),
        "{text}"
    );
}

#[test]
fn commas_and_quotes_stay_in_their_cell() {
    let csv = report().csv();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines.len(), 1 + 3 * 2 + 2 * 2 + 1);
    let columns = lines[0].split(',').count();
    assert!(lines[0].starts_with("row,song,seconds,method,vocals_sdr,vocals_isr"));
    assert!(lines[0].contains("accompaniment_whole_sdr,accompaniment_si_sdr,leak,took,times_real_time"));
    assert!(
        lines[1].starts_with("song,\"b, \"\"live\"\"\",10.00000,net,1.00000,,"),
        "{}",
        lines[1]
    );
    assert!(
        lines[1].ends_with(",0.50000,20.00000") && lines[2].ends_with(",,"),
        "{csv}"
    );
    assert!(
        lines[3..lines.len() - 1]
            .iter()
            .all(|line| line.split(',').count() == columns),
        "{csv}"
    );
    assert!(lines[7].starts_with("median,,,net,3.00000"));
}

#[test]
fn json_says_what_it_is_and_nulls_what_it_has_not() {
    let json = serde_json::to_value(report()).unwrap();
    assert!(
        json["definitions"]["sdr_isr_sir_sar"]
            .as_str()
            .unwrap()
            .contains("museval")
    );
    assert_eq!(json["judged"]["engine"]["model"], "net");
    assert_eq!(json["songs"][0]["methods"][0]["vocals"]["sdr"], 1.0);
    assert!(json["songs"][0]["vocals_windows"][0]["sdr"].is_null());
    assert!(json["medians"][0]["vocals"]["sir"].is_null());
}
