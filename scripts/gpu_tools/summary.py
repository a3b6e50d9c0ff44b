#!/usr/bin/env python3
"""Prints figures.json for people, in few lines."""
import json, sys

figures = json.load(open(sys.argv[1]))
print("=== " + (figures["machine"]["gpu"] or "no GPU"))
for step in figures["steps"]:
    print(f"{step['name']:16} {step['seconds']:6.1f} s  " + ("done" if step["exit"] == 0 else f"FAILED ({step['exit']})"))
for model in [model for report in figures["parity"].values() if report for model in report["models"]]:
    for kind in model["kinds"]:
        found = kind["measured"]
        if found:
            change = found["sdr_change_db"]
            cost = f"{change:+.4f} dB SDR" if change is not None else f"implied cost {found['difference']['implied_cost_db'] or 0:.4f} dB"
            print(f"{model['name']:10} {kind['kind']:9} {found['times_real_time']:8.1f} times real time  first pass {found['first_pass_seconds']:.2f} s  largest difference {found['difference']['largest']:.1e}  {cost}")
        else:
            print(f"{model['name']:10} {kind['kind']:9} {kind['problem']}")
print("bounds missed: " + ("; ".join(figures["bounds_missed"]) or "none"))
print("training: " + json.dumps(figures["training"]))
