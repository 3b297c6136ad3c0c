//! The contents of objects, read one after the other from one `git cat-file --batch`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::source::tree::ReadError;

/// A running `git cat-file --batch`.
pub(super) struct Objects {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// Starts the command.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let missing = || io::Error::other("the pipes of `git` are missing");
        let requests = child.stdin.take().ok_or_else(missing)?;
        let answers = child.stdout.take().ok_or_else(missing)?;
        Ok(Self {
            child,
            requests: Some(requests),
            answers: BufReader::new(answers),
        })
    }

    /// The contents of an object of at most `limit` bytes.
    pub(super) fn read(&mut self, id: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        let gone = || io::Error::other("`git` ended early");
        let requests = self.requests.as_mut().ok_or_else(gone)?;
        writeln!(requests, "{id}")?;
        requests.flush()?;
        let mut header = String::new();
        self.answers.read_line(&mut header)?;
        // `id type size`, or `id missing` in a clone that has no such object.
        let size = header
            .split_ascii_whitespace()
            .nth(2)
            .and_then(|size| size.parse::<u64>().ok())
            .ok_or_else(|| {
                io::Error::other("the repository does not have the contents of this file")
            })?;
        // What is too large was sent all the same, and stands before the next answer.
        if size > limit {
            io::copy(&mut self.answers.by_ref().take(size), &mut io::sink())?;
        }
        let mut bytes = Vec::new();
        if size <= limit {
            self.answers.by_ref().take(size).read_to_end(&mut bytes)?;
            if bytes.len() as u64 != size {
                return Err(gone().into());
            }
        }
        let mut end = [0];
        self.answers.read_exact(&mut end)?;
        ReadError::check_size(size, limit)?;
        Ok(bytes)
    }
}

impl Drop for Objects {
    /// Ends the command: it stops when nothing more is asked.
    fn drop(&mut self) {
        drop(self.requests.take());
        drop(self.child.wait());
    }
}
