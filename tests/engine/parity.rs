//! `croon-separator parity`: the code that a graphics card runs, on the processor, against the
//! processor's own path.

use std::process::{Command, Output};

use crate::real_engine::models_folder;
use serde_json::Value;

fn parity(options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_croon-separator"))
        .args(["parity", "--device", "cpu", "--models"])
        .arg(models_folder())
        .args(options)
        .output()
        .unwrap()
}

#[test]
fn every_kind_of_number_keeps_its_bound_in_the_smallest_model() {
    let ran = parity(&["--model", "unet-mask", "--windows", "1", "--json"]);
    let words = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{words}");
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert!(report["source"].as_str().unwrap().contains("synthetic"));
    assert_eq!(report["missed"].as_array().unwrap().len(), 0);
    let model = &report["models"][0];
    assert_eq!(model["name"], "unet-mask");
    let figure = |kind: usize, name: &str| {
        let measured = &model["kinds"][kind]["measured"];
        assert!(measured["times_real_time"].as_f64().unwrap() > 0.0);
        measured["difference"][name].as_f64().unwrap()
    };
    assert!(figure(0, "largest") < 1e-4);
    assert!(figure(1, "implied_cost_db") < 0.005);
    assert!(figure(2, "implied_cost_db") < 0.02);
}

#[test]
fn a_model_that_cannot_be_loaded_is_named_and_fails() {
    let ran = parity(&["--model", "no-such-model"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("no-such-model"));
}
