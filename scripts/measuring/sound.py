"""A PulseAudio null sink, and what is heard of it."""
import array, math, operator, os, subprocess, threading, time

PULSE = """load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink sink_name=out rate=48000 channels=2 format=float32le
set-default-sink out
"""
SOUND_RATE = 48000
STEP = SOUND_RATE // 200
BAND_RIGHT = 0.3
# A whole number of turns in 5 ms, above what the singer and the band have.
MARK = [math.cos(2 * math.pi * 15000 * n / SOUND_RATE) for n in range(STEP)]


def singers(left, right):
    """The energy of what is left when the band goes, which is on the right turned over and at BAND_RIGHT."""
    return sum((BAND_RIGHT * l + r) ** 2 for l, r in zip(left, right))


class Sink:
    """A PulseAudio server with a null sink, which croon in this home plays to."""

    def __init__(self, home):
        self.dir = os.path.join(home.dir, "sound")
        os.makedirs(os.path.join(self.dir, "pulse"))
        for name, text in (("server.pa", PULSE), ("asound.conf", "pcm.!default { type pulse }\nctl.!default { type pulse }\n")):
            with open(os.path.join(self.dir, name), "w") as f:
                f.write(text)
        # The server takes anybody, but without a cookie croon would go by way of ALSA.
        cookie = os.path.join(self.dir, "cookie")
        with open(cookie, "wb") as f:
            f.write(bytes(256))
        home.env.update(XDG_RUNTIME_DIR=self.dir, PULSE_COOKIE=cookie, PULSE_RUNTIME_PATH=os.path.join(self.dir, "pulse"),
                        PULSE_STATE_PATH=os.path.join(self.dir, "pulse"),
                        PULSE_SERVER=f"unix:{self.dir}/pulse/native", ALSA_CONFIG_PATH=os.path.join(self.dir, "asound.conf"))
        self.env = home.env
        quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.env)
        self.server = subprocess.Popen(["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit",
                                        "--use-pid-file=no", "--realtime=yes", "--high-priority=yes", "-F", os.path.join(self.dir, "server.pa")], **quiet)
        for _ in range(200):
            if subprocess.run(["pactl", "info"], **quiet).returncode == 0:
                break
            time.sleep(0.05)
        else:
            raise SystemExit("pulseaudio did not come up")

    def record(self, format, channels, milliseconds, to=subprocess.PIPE):
        return subprocess.Popen(["parec", "-d", "out.monitor", "--raw", f"--format={format}", f"--channels={channels}",
                                 f"--rate={SOUND_RATE}", f"--latency-msec={milliseconds}"],
                                stdout=to, stderr=subprocess.DEVNULL, env=self.env)

    def end(self):
        self.server.kill()
        self.server.wait()


class Sound(Sink):
    """A recording of the sink that knows its time."""

    def __init__(self, home):
        super().__init__(home)
        self.heard, self.began = [], math.inf
        self.recorder = self.record("float32le", 2, 10)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        """Keeps three figures of each 5 ms: the energy, that of the singer, and the mark's amplitude."""
        step, rest, count = STEP * 8, b"", 0
        turned = [math.sin(2 * math.pi * 15000 * n / SOUND_RATE) for n in range(STEP)]
        while data := self.recorder.stdout.read1(1 << 14):
            now, rest = time.monotonic(), rest + data
            while len(rest) >= step:
                pcm = array.array("f", rest[:step])
                rest, count = rest[step:], count + 1
                left, right = pcm[::2], pcm[1::2]
                mark = math.hypot(sum(map(operator.mul, left, MARK)), sum(map(operator.mul, left, turned))) * 2 / STEP
                self.heard.append((sum(map(operator.mul, pcm, pcm)), singers(left, right), mark))
            # The recorder never gives a block before it has sounded, so its quickest delivery sets the clock.
            self.began = min(self.began, now - count / 200)

    def since(self, then, count=None):
        """(time, energy, singer's energy, mark) of each 5 ms heard since then, of `count` of them at most."""
        first = max(0, math.ceil((then - self.began) * 200))
        end = len(self.heard) if count is None else min(first + count, len(self.heard))
        return [(self.began + n / 200, *self.heard[n]) for n in range(first, end)]

    def first(self, since, seconds, true):
        """The moment since when something is true of 50 ms on end."""
        while time.monotonic() < since + seconds:
            run = []
            for then, loud, singer, _ in self.since(since):
                run = run + [then] if true(loud, singer) else []
                if len(run) >= 10:
                    return run[0]
            time.sleep(0.05)
        return None

    def end(self):
        self.recorder.kill()
        self.recorder.wait()
        super().end()
