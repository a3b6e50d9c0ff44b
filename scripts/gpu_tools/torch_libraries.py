#!/usr/bin/env python3
"""Prints the folders with libtorch and NVIDIA's libraries, for LD_LIBRARY_PATH. Importing torch would take seconds."""
import glob, importlib.util, os, sys

found = importlib.util.find_spec("torch")
if found is None or not found.submodule_search_locations:
    sys.exit("gpu: python3 has no torch")
torch = found.submodule_search_locations[0]
folders = [os.path.join(torch, "lib")] + sorted(glob.glob(os.path.join(torch, "../nvidia/*/lib")))
print(":".join(os.path.realpath(folder) for folder in folders))
