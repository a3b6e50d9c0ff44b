#!/usr/bin/env python3
"""Packs the training data and an earlier training's state into parts that one call each can carry."""
import hashlib, os, shutil, subprocess, sys, tarfile

room, data, state, limit = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]) * 2**20
aside = sys.argv[5:]
listed = subprocess.run(["git", "ls-files", "-zco", "--exclude-standard"], capture_output=True, check=True).stdout
sizes = {f: os.path.getsize(f) for f in listed.decode().split("\0") if f and os.path.isfile(f)}
missing = [f for f in aside if not os.path.isfile(f)]
if missing:
    sys.exit(f"gpu: there is no file {missing[0]}; put it back first: git restore {missing[0]}")
tracked = sum(size for f, size in sizes.items() if f not in aside)
engine = sum(f.stat().st_size for f in os.scandir(f"{room}/engine"))
spare = limit - tracked - engine - 2**20  # file names and block sizes take some too
if spare < 8 * 2**20:
    largest = max((f for f in sizes if f not in aside), key=sizes.get)
    sys.exit(f"gpu: {tracked / 1e6:.1f} MB of files and an engine of {engine / 1e6:.1f} MB leave hardly any room in "
             f"{limit / 1e6:.1f} MB. Let the largest travel as a part of its own: --aside {largest}")

# The stems of a song stay together; everything else goes file by file. In the order of a hash, so that each part is a
# fair sample of the whole: training on the first ones alone then means less of everything.
items = {}
if data != "none":
    for folder, _, files in os.walk(data):
        audio = [f for f in files if f.lower().endswith((".ogg", ".oga", ".flac", ".wav", ".mp3", ".m4a", ".mp4", ".opus"))]
        names = {os.path.splitext(f)[0].lower() for f in audio}
        for f in audio:
            key = folder if "vocals" in names and len(audio) > 1 else os.path.join(folder, f)
            items.setdefault(key, []).append(os.path.join(folder, f))
order = sorted(items, key=lambda key: hashlib.sha256(os.path.relpath(key, data).encode()).digest())
parts, states = [], []
if state:
    pieces = sorted(os.path.join(state, f) for f in os.listdir(state))
    size = sum(map(os.path.getsize, pieces))
    if not pieces or size > spare:
        sys.exit(f"gpu: {state} holds {len(pieces)} files of {size / 1e6:.1f} MB, and {spare / 1e6:.1f} MB can be carried")
    states.append((size, [], pieces))
for f in aside:
    if os.path.getsize(f) > spare:
        sys.exit(f"gpu: {f} alone is larger than the {spare / 1e6:.1f} MB that can be carried")
    states.append((os.path.getsize(f), [], [f]))
size, files = 0, []
for key in order:
    more = sum(os.path.getsize(f) + 1536 for f in items[key])
    if files and size + more > spare:
        parts.append((size, files, []))
        size, files = 0, []
    size, files = size + more, files + items[key]
if files:
    parts.append((size, files, []))
# The last part travels with the run itself: a full one, in case it is the only call.
parts = states + sorted(parts, key=lambda part: part[0])
for number, (size, files, pieces) in enumerate(parts, 1):
    into = f"{room}/part-{number}"
    os.makedirs(into)
    for piece in pieces:
        if piece in aside:
            os.makedirs(f"{into}/tree/{os.path.dirname(piece)}")
            shutil.copy(piece, f"{into}/tree/{piece}")
        else:
            shutil.copy(piece, into)
    if files:
        with tarfile.open(f"{into}/data-{number}.tar", "w") as tar:
            for f in files:
                tar.add(f, arcname=os.path.relpath(f, data))
print(f"{tracked / 1e6:.1f} MB of files, engine {engine / 1e6:.1f} MB, data and state {sum(p[0] for p in parts) / 1e6:.1f} MB in {len(parts)} parts")
if aside:
    print(f"before the first call: rm {' '.join(aside)}   after the last one: git restore {' '.join(aside)}")
for number in range(1, len(parts)):
    print(f"call {number}: carry {room}/part-{number}\n  scripts/gpu keep")
last = f"{room}/engine" + (f" {room}/part-{len(parts)}" if parts else "")
print(f"call {max(len(parts), 1)}: carry {last}\n  scripts/gpu run --minutes 9")
if len(parts) > 1:
    print("one after the other without a pause, on one machine; every call trains on what has arrived until then")
