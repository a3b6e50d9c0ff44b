"""Holes in the recorded sound, while the engine works flat out beside it on the same cores."""
import array, math, os, random, subprocess, sys, time, wave

from .player import CROON, ROOT, Home, Screen
from .sound import SOUND_RATE, STEP, Sink

# Of a bass that never rests, this much sounds in any 5 ms however the model splits it.
SILENCE = 300
RATE = 44100


def bass_and_voice(path, minutes, base):
    """A bass that never rests, a voice above it that does, and noise that tells each second from the next."""
    rng, pcm = random.Random(base), array.array("h")
    for n in range(RATE * 10):
        t = n / RATE
        voice = sum(math.sin(2 * math.pi * base * 4 * k * t) / k for k in range(1, 6)) * 0.1 if t % 2 < 1.4 else 0
        band = 0.3 * math.sin(2 * math.pi * 110 * t) + rng.uniform(-0.02, 0.02)
        pcm += array.array("h", (int(20000 * (band + voice)), int(20000 * (0.9 * band + voice))))
    with wave.open(path, "wb") as w:
        w.setnchannels(2), w.setsampwidth(2), w.setframerate(RATE)
        for _ in range(round(minutes * 6)):
            w.writeframesraw(pcm.tobytes())


def work(folder, hours):
    """Hours that the engine has to separate, small on disk, each another: noise that is never quite the same."""
    os.makedirs(folder)
    for n in range(hours):
        rng = random.Random(n)
        part = bytes(128 + int(40 * math.sin(i / 5) + rng.uniform(-9, 9)) for i in range(8000 * 30))
        with wave.open(os.path.join(folder, f"work {n}.wav"), "wb") as w:
            w.setnchannels(1), w.setsampwidth(1), w.setframerate(8000)
            for _ in range(120):
                w.writeframesraw(part)


def processor(pid):
    """Seconds of processor used by a process's children: the engine."""
    seconds = 0
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            if int(fields[1]) == pid:
                seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError):
            pass
    return seconds


def holes(path):
    """(second, milliseconds) of each stretch of silence in a recording, from its first sound to its last."""
    pcm = array.array("h")
    with open(path, "rb") as f:
        pcm.frombytes(f.read()[: os.path.getsize(path) // 2 * 2])
    parts = (pcm[at : at + STEP] for at in range(0, len(pcm) - STEP, STEP))
    sounds = [max(part) > SILENCE or min(part) < -SILENCE for part in parts]
    found, last = [], None
    for n, sound in enumerate(sounds):
        if sound and last is not None and n - last > 1:
            found.append((last / 200, (n - last - 1) * 5))
        last = n if sound else last
    return found, len(pcm) / SOUND_RATE


class Stalls:
    """When the machine itself stood still: a process before all others, on each processor, that woke up late, and
    how much of the half second before went to other virtual machines ("steal", told in steps of 10 ms)."""

    LATE = 0.02
    CODE = f"""
import os, sys, time
processor = int(sys.argv[1])
os.sched_setaffinity(0, {{processor}})
def stolen():
    with open("/proc/stat") as f:
        line = next((line for line in f if line.startswith(f"cpu{{processor}} ")), "")
    return int((line.split() + [0] * 9)[8]) / os.sysconf("SC_CLK_TCK")
before, looks = stolen(), 0
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(90))
except OSError:
    print("without real-time priority", file=sys.stderr)
then = time.monotonic()
while True:
    time.sleep(0.005)
    now = time.monotonic()
    if now - then > {LATE}:
        print(then, now - then, stolen() - before, flush=True)
    looks += 1
    if looks % 100 == 0:
        before = stolen()
    then = now
"""

    def __init__(self):
        self.processes = [subprocess.Popen([sys.executable, "-c", self.CODE, str(processor)], stdout=subprocess.PIPE, text=True)
                          for processor in os.sched_getaffinity(0)]

    def end(self):
        found = []
        for process in self.processes:
            process.kill()
            found += [tuple(map(float, line.split())) for line in process.communicate()[0].splitlines()]
        return sorted(found)


def underrun():
    minutes = float(os.environ.get("MINUTES", "30"))
    engine = os.environ.get("SEPARATOR", os.path.join(os.path.dirname(CROON), "croon-separator"))
    models = os.environ.get("MODELS", os.path.join(ROOT, "models"))
    with Home() as home:
        home.config(f'[playback]\nloudness = "off"\n[separation]\ncommand = ["{engine}", "serve", "--nice", "10", "--models", "{models}"]\n')
        bass_and_voice(os.path.join(home.music, "a 0.wav"), 4, 55)
        for n in range(1, math.ceil(minutes / 4) + 1):
            bass_and_voice(os.path.join(home.music, f"a {n}.wav"), 4, 55 + n)
        work(os.path.join(home.music, "work"), math.ceil(minutes))
        sink = Sink(home)
        screen = Screen(home, home.music)
        screen.until(b"a 0")
        screen.read(3)
        recording = os.path.join(home.dir, "heard.raw")
        opened = time.monotonic()
        with open(recording, "wb") as to:
            recorder = sink.record("s16le", 1, 200, to)
        control = lambda *words: subprocess.run([CROON, "ctl", *words], env=home.env, check=True, capture_output=True, text=True)
        screen.keys("gg\r")
        screen.read(2)
        control("vocals", "30")
        stalls = Stalls()
        used, began = processor(screen.pid), time.monotonic()
        screen.read(minutes * 60)
        share = (processor(screen.pid) - used) / (time.monotonic() - began)
        stalls = stalls.end()
        recorder.kill(), recorder.wait()
        screen.quit()
        sink.end()
        found, seconds = holes(recording)
        log = "".join(open(os.path.join(at, name), errors="replace").read()
                      for at, _, names in os.walk(os.path.join(home.dir, "state")) for name in names if name.endswith(".log"))
        told = [line for line in log.splitlines() if "ran dry" in line or " WARN " in line or "priority" in line or "to read" in line]
    print(f"played {seconds / 60:.1f} minutes while the engine had {share:.2f} of {os.cpu_count()} cores")
    print(f"holes in the recorded sound: {len(found)} (wanted none)")
    for second, long in found[:20]:
        print(f"  {long} ms at {second:.2f} s")
    print(f"times that the machine itself stood still for more than {Stalls.LATE * 1000:.0f} ms: {len(stalls)}")
    for then, long, stolen in stalls[:20]:
        print(f"  {long * 1000:.0f} ms at {then - opened:.2f} s; other machines took {stolen * 1000:.0f} ms of the half second before")
    print("the player's log:", *told[-10:], sep="\n  ")
