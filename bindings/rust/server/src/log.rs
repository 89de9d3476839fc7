//! What the server writes to stderr: its log, and the access log.
//!
//! A thread writes; whoever has a line hands it over and goes on. When nobody reads
//! stderr, lines are dropped and counted: no call waits for its log.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime};

/// Lines that may wait to be written.
const WAITING: usize = 4096;

/// A handle; clones write to the same place.
#[derive(Clone)]
pub struct Log {
    lines: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
}

enum Line {
    Text(String),
    /// Everything before it is written.
    Flush(SyncSender<()>),
}

impl Log {
    /// Writes to stderr.
    pub fn to_stderr() -> Log {
        Log::to(io::stderr())
    }

    fn to(mut target: impl Write + Send + 'static) -> Log {
        let (lines, waiting) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&dropped);
        thread::spawn(move || {
            for line in waiting {
                match line {
                    // Whoever does not read any more does not miss it.
                    Line::Text(text) => drop(target.write_all(text.as_bytes())),
                    Line::Flush(done) => drop(done.try_send(())),
                }
                let count = counted.swap(0, Ordering::Relaxed);
                if count > 0 {
                    let text = format!("{count} lines were not written: nobody read them");
                    drop(target.write_all(leveled("WARNING", &text).as_bytes()));
                }
            }
        });
        Log { lines, dropped }
    }

    /// What an operator wants to know.
    pub fn info(&self, text: &str) {
        self.line(leveled("INFO", text));
    }

    /// What an operator should look at.
    pub fn warning(&self, text: &str) {
        self.line(leveled("WARNING", text));
    }

    /// What went wrong.
    pub fn error(&self, text: &str) {
        self.line(leveled("ERROR", text));
    }

    /// A whole line, with its end.
    pub(crate) fn line(&self, line: String) {
        if matches!(self.lines.try_send(Line::Text(line)), Err(TrySendError::Full(_))) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until what was handed over is written, but not for long.
    pub fn flush(&self) {
        let (done, written) = sync_channel(1);
        if self.lines.try_send(Line::Flush(done)).is_ok() {
            let _ = written.recv_timeout(Duration::from_secs(1));
        }
    }
}

fn leveled(level: &str, text: &str) -> String {
    format!("{} {level} {}\n", now(), printable(text))
}

/// This moment, in UTC.
pub(crate) fn now() -> String {
    let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    time.replace('Z', "+00:00")
}

/// Text on one line, in which nothing acts on a terminal.
pub fn printable(text: &str) -> String {
    let written = |character: char| match character {
        '\n' => "\\n".to_string(),
        '\r' => "\\r".to_string(),
        '\t' => "\\t".to_string(),
        control if (control as u32) < 0x100 => format!("\\x{:02x}", control as u32),
        other => format!("\\u{:04x}", other as u32),
    };
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) { shown.push_str(&written(character)) } else { shown.push(character) }
    }
    shown
}

/// Control characters, and marks that turn the direction of writing.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;

    #[test]
    fn foreign_text_stays_on_its_line() {
        assert_eq!(printable("no\n\x1b[31mbody\u{202e}"), "no\\n\\x1b[31mbody\\u202e");
        assert_eq!(printable("naïve é"), "naïve é");
    }

    /// Takes nothing until it is opened.
    #[derive(Clone, Default)]
    struct Pipe(Arc<(Mutex<(bool, String)>, Condvar)>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (state, opened) = &*self.0;
            let mut state = opened.wait_while(state.lock().unwrap(), |state| !state.0).unwrap();
            state.1.push_str(&String::from_utf8_lossy(bytes));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_pipe_that_nobody_reads_holds_nobody_up() {
        let pipe = Pipe::default();
        let log = Log::to(pipe.clone());
        for number in 0..WAITING + 100 {
            log.info(&number.to_string());
        }
        let (state, opened) = &*pipe.0;
        state.lock().unwrap().0 = true;
        opened.notify_all();
        while !state.lock().unwrap().1.contains("lines were not written") {
            thread::sleep(Duration::from_millis(1));
        }
        log.flush();
    }
}
