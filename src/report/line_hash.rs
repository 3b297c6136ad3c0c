//! The `primaryLocationLineHash` of GitHub code scanning, by which an alert is recognised when its line moves.
//!
//! GitHub's upload action computes the same value and warns if a file says another, so this must agree with it to the
//! bit. Described by <https://github.com/github/codeql-action> (`fingerprints`): the hash of a line covers the hundred
//! UTF-16 units from its start on, blanks left out, however many lines those are.

use rustc_hash::FxHashMap;

/// How many units a hash covers.
const WINDOW: usize = 100;
/// The base of the polynomial.
const BASE: u64 = 37;
/// Stands for the end of the file.
const END: u16 = 0xFFFF;
/// What a line starts after.
const LINE_FEED: u16 = 0x0A;

/// The hashes of all lines of a file.
#[derive(Debug)]
pub(super) struct LineHashes {
    /// The hash of each line, and how often it occurred up to there.
    lines: Vec<(u64, u32)>,
}

impl LineHashes {
    /// Hashes a text.
    pub(super) fn of(text: &str) -> Self {
        let units = significant_units(text);
        let unit = |at: usize| units.get(at).copied().map_or(0, u64::from);
        // Overflow is part of the definition: all arithmetic is modulo 2^64.
        let leaving = (1..WINDOW).fold(1_u64, |power, _| power.wrapping_mul(BASE));
        let mut hash = (0..WINDOW).fold(0, |hash: u64, at| {
            hash.wrapping_mul(BASE).wrapping_add(unit(at))
        });
        let mut seen: FxHashMap<u64, u32> = FxHashMap::default();
        let mut lines = Vec::new();
        let mut at_line_start = true;
        for (at, &first) in units.iter().enumerate() {
            if at_line_start {
                let count = seen.entry(hash).or_default();
                *count += 1;
                lines.push((hash, *count));
            }
            at_line_start = first == LINE_FEED;
            hash = hash
                .wrapping_sub(leaving.wrapping_mul(u64::from(first)))
                .wrapping_mul(BASE)
                .wrapping_add(unit(at + WINDOW));
        }
        Self { lines }
    }

    /// The fingerprint of a line (from 1): hash, colon, how many lines up to there have it.
    pub(super) fn line(&self, line: usize) -> Option<String> {
        let (hash, count) = self.lines.get(line.checked_sub(1)?)?;
        Some(format!("{hash:x}:{count}"))
    }
}

/// The units that count: no blanks, every kind of line end as one line feed, the end of the file marked.
fn significant_units(text: &str) -> Vec<u16> {
    let mut units = Vec::with_capacity(text.len() + 1);
    let mut after_return = false;
    for unit in text.encode_utf16() {
        let is_return = unit == u16::from(b'\r');
        let is_blank = unit == u16::from(b' ') || unit == u16::from(b'\t');
        if is_return {
            units.push(LINE_FEED);
        } else if !is_blank && !(after_return && unit == LINE_FEED) {
            units.push(unit);
        }
        after_return = is_return;
    }
    units.push(END);
    units
}
