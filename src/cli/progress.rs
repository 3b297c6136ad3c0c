//! One line on a terminal that says how far a long run is, and is gone when the run is done.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::engine::{Progress, Reached, Stage};

/// A run that takes less says nothing.
const DELAY: Duration = Duration::from_secs(2);

/// How often the line is written.
const TICK: Duration = Duration::from_millis(100);

/// To the start of the line, and away with what stands there.
const ERASE: &str = "\r\x1b[K";

/// The line while it is shown; dropped, it is taken away.
pub(super) struct Line(Option<Shown>);

/// The thread that shows the line, and what tells it to end.
struct Shown {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Line {
    /// Shows how far a run is, once it takes long, where that is wanted.
    pub(super) fn start(progress: &Progress, is_wanted: bool) -> Self {
        if !is_wanted {
            return Self(None);
        }
        let (stop, stopped) = mpsc::channel::<()>();
        let progress = progress.clone();
        let thread = thread::spawn(move || {
            let goes_on = |wait| stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout);
            if !goes_on(DELAY) {
                return;
            }
            loop {
                write(&format!("{ERASE}{}", words(progress.reached())));
                if !goes_on(TICK) {
                    break;
                }
            }
            write(ERASE);
        });
        Self(Some(Shown { stop, thread }))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(Shown { stop, thread }) = self.0.take() {
            drop(stop);
            // It cannot panic; if it did, the run would be no worse for it.
            drop(thread.join());
        }
    }
}

/// Writes to standard error. That this fails is nothing a program could tell anybody.
fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    drop(
        stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush()),
    );
}

/// How far a run is, in words.
fn words(reached: Reached) -> String {
    let what = match reached.stage {
        Stage::Discover => "looking for files",
        Stage::Render => "waiting for programs that render",
        Stage::Read => "reading files",
        Stage::Parse => "parsing files",
        Stage::Deploy => "working out what gets deployed",
        Stage::Decide => "deciding the traffic of meshes",
        Stage::Check => "asking rules",
        Stage::Prove => "trying fixes",
    };
    match reached {
        Reached { total: 0, .. } => format!("{what} …"),
        Reached { done, total, .. } => format!("{what}: {done} of {total}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_counted_is_counted() {
        let mut reached = Reached {
            stage: Stage::Read,
            done: 12,
            total: 3000,
        };
        assert_eq!(words(reached), "reading files: 12 of 3000");
        reached = Reached {
            stage: Stage::Deploy,
            done: 0,
            total: 0,
        };
        assert_eq!(words(reached), "working out what gets deployed …");
    }
}
