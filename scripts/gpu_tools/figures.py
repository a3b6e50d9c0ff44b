#!/usr/bin/env python3
"""Gathers what the steps of `scripts/gpu run` left in their work folder into one JSON document."""
import csv, glob, json, os, platform, sys

work, minutes, device, model, log = sys.argv[1:]

def read(name):
    try:
        with open(os.path.join(work, name)) as f:
            return json.load(f)
    except (OSError, ValueError):
        return None

def said(name):
    try:
        with open(os.path.join(work, name), errors="replace") as f:
            return f.read().strip()
    except OSError:
        return ""

steps = []
for line in said("steps").splitlines():
    name, rc, begun, ended = line.split()
    steps.append({"name": name, "exit": int(rc), "seconds": round(float(ended) - float(begun), 1)})
    if rc != "0":
        steps[-1]["said"] = said(name + ".err")[-600:]
def all_of(kind):
    """What each model's step of this kind printed, by the model's name."""
    files = sorted(glob.glob(f"{work}/{kind}-*.out"))
    return {os.path.basename(f)[len(kind) + 1:-4]: read(os.path.basename(f)) for f in files}

parity = all_of("parity")
missed = []
for name, report in parity.items():
    missed += report["missed"] if report else [f"{name}: parity gave no figures"]
training = None
try:
    with open(log) as f:
        rows = list(csv.DictReader(f))
    number = lambda row, key: float(row[key]) if row.get(key) else None
    judged = [sdr for sdr in (number(row, "validation_sdr") for row in rows) if sdr is not None]
    training = {
        "model": model,
        "steps": int(rows[-1]["step"]),
        "seconds": number(rows[-1], "seconds"),
        "loss": number(rows[-1], "loss"),
        "speed": number(rows[-1], "speed"),
        "validation_sdr_first": judged[0] if judged else None,
        "validation_sdr_best": max(judged, default=None),
        "validations": [[int(row["step"]), number(row, "validation_sdr")] for row in rows if row.get("validation_sdr")],
    }
except (OSError, ValueError, KeyError, IndexError) as err:
    training = {"problem": f"{type(err).__name__}: {err}"}
full = ((parity.get("full") or {}).get("models") or [{"kinds": []}])[0]
speeds = {kind["kind"]: kind["measured"]["times_real_time"] for kind in full["kinds"] if kind["measured"]}
json.dump({
    "machine": {"cores": os.cpu_count(), "kernel": platform.release(), "gpu": said("gpu.out"), "torch": said("torch")},
    "asked": {"minutes": float(minutes), "device": device},
    "steps": steps,
    "bounds_missed": missed,
    "full_times_real_time": speeds,
    "full_above_1000": max(speeds.values(), default=0) > 1000,
    "info": all_of("info"),
    "parity": parity,
    "training": training,
}, sys.stdout, indent=1)
