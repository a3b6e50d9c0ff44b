"""croon in a home and a pseudo terminal of its own."""
import fcntl, os, pty, select, shutil, signal, statistics, struct, tempfile, termios, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CROON = os.environ.get("CROON", os.path.join(ROOT, "target", "release", "croon"))
ROUNDS = int(os.environ.get("ROUNDS", "9"))


class Home:
    """A home folder of its own, so that nothing of the user's is read or changed."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="croon-measure-")
        self.music = os.path.join(self.dir, "music")
        os.makedirs(self.music)
        self.env = dict(os.environ, HOME=self.dir, TERM="xterm-256color", COLUMNS="100", LINES="30")
        for name in ("CONFIG", "STATE", "CACHE", "DATA"):
            self.env[f"XDG_{name}_HOME"] = os.path.join(self.dir, name.lower())

    def config(self, text):
        os.makedirs(os.path.join(self.dir, "config", "croon"), exist_ok=True)
        with open(os.path.join(self.dir, "config", "croon", "config.toml"), "w") as f:
            f.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)


class Screen:
    """croon in a pseudo terminal of 100x30."""

    def __init__(self, home, *args):
        self.began = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
            os.execve(CROON, [CROON, *args], home.env)
        self.seen = b""
        self.first = None

    def read(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    return False
        return True

    def until(self, text, seconds=60):
        end = time.monotonic() + seconds
        while text not in self.seen:
            if time.monotonic() > end or not self.step(end):
                tail = self.seen[-1500:].decode(errors="replace")
                raise SystemExit(f"waited {seconds} s for {text!r}; the screen ended in:\n{tail}")
        return time.monotonic() - self.began

    def step(self, end):
        if select.select([self.fd], [], [], max(0.0, end - time.monotonic()))[0]:
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:
                return False
        return True

    def keys(self, text):
        os.write(self.fd, text.encode())

    def cpu(self):
        with open(f"/proc/{self.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, pid=None, field="VmHWM"):
        return status(pid or self.pid, field)

    def quit(self):
        try:
            self.keys("q")
            self.read(1.0)
            os.kill(self.pid, signal.SIGTERM)
        except OSError:
            pass
        self.read(1.0)
        try:
            os.kill(self.pid, signal.SIGKILL)
        except OSError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def status(pid, field):
    try:
        with open(f"/proc/{pid}/status") as f:
            for line in f:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def report(name, values, unit, bound):
    values = sorted(values)
    print(f"{name}: median {statistics.median(values):.1f} {unit} "
          f"(min {values[0]:.1f}, max {values[-1]:.1f}, {len(values)} runs; wanted {bound})", flush=True)
