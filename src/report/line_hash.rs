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
        } else {
            let ends_return = after_return && unit == LINE_FEED;
            if !(is_blank || ends_return) {
                units.push(unit);
            }
        }
        after_return = is_return;
    }
    units.push(END);
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> String {
        let hashes = LineHashes::of(text);
        let lines: Vec<String> = (1..).map_while(|line| hashes.line(line)).collect();
        lines.join(" ")
    }

    /// What the tests of GitHub's upload action expect.
    #[test]
    fn line_hashes_are_those_of_the_upload_action() {
        let lorem = "Lorem ipsum dolor sit amet.\n".repeat(10);
        let hello = "e9496ae3ebfced30:1 fb7c023a8b9ccb3f:1 ce8ba1a563dcdaca:1 e20e36e16fcb0cc8:1 b3edc88f2938467e:1 c8e28b0b4002a3a0:1 c129715d7a2bc9a3:1";
        for (text, expected) in [
            ("", "c129715d7a2bc9a3:1"),
            (
                " a\nb\n  \t\tc\n d",
                "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1",
            ),
            (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", hello),
            (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", hello),
            (
                " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n",
                hello,
            ),
            (
                " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
                hello,
            ),
            (
                lorem.as_str(),
                "a7f2ff13bc495cf2:1 a7f2ff13bc495cf2:2 a7f2ff13bc495cf2:3 a7f2ff13bc495cf2:4 a7f2ff13bc495cf2:5 a7f2ff13bc495cf2:6 a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1 c129715d7a2bc9a3:1",
            ),
        ] {
            assert_eq!(hashes(text), expected, "{text:?}");
        }
    }

    /// What `Sarif.Multitool rewrite --insert RollingHashPartialFingerprints` writes.
    #[test]
    fn line_hashes_are_those_of_the_multitool() {
        let long = (0..12).map(|line| format!("key{line}: {}", "v".repeat(line * 37 % 230)));
        let long = long.chain([String::new()]).collect::<Vec<_>>().join("\n");
        for (text, expected) in [
            (
                "kind: DestinationRule\r\nmetadata:\r\n  name: default\r\nspec:\r\n  host: '*.local'\r\n  trafficPolicy:\r\n    tls:\r\n      mode: ISTIO_MUTUAL\r\n",
                "8262a31140e0bca8:1 eb5175f505a83fba:1 f8b7addd57edb1b9:1 46deaea242b42e9f:1 37f7c6b1f872bba0:1 8aea638edd2a8929:1 7b3ea722141b852:1 5a868b432d84ff53:1 c129715d7a2bc9a3:1",
            ),
            (
                "kind: DestinationRule # für alle ✓ 😀\nspec: {host: 'größe.✓', 名: x}\nend: true",
                "cc97e3bfad82d36d:1 a496eabd1c196ef4:1 875ce541e3a34af4:1",
            ),
            (
                "\n\n   \n\t\na: 1\n\n\na: 1\n\n",
                "12130142cd91f7f1:1 a49f08a1b6f8436b:1 d2dc195972c12c0d:1 81af83e796cacb77:1 c63dea72cc2ed5c9:1 a4979d76fa7f9f93:1 d1c99c2c35517dd5:1 5a036c5db5a69d5f:1 3c5bef55b72b93c9:1 c129715d7a2bc9a3:1",
            ),
            (
                long.as_str(),
                "60cedc630ac56ac6:1 9f5dab1a0b1807c5:1 24ecffd208e4096b:1 6d9762c20916fc60:1 2c632e6e2c7766e1:1 eb2efa1a4fd7d162:1 a9fac5c673383be3:1 8284335b1c74afa9:1 62321681af2c16b7:1 e65e28cadd597b66:1 bfaa17507d118900:1 2c9ad7a13fc11d2d:1 c129715d7a2bc9a3:1",
            ),
        ] {
            assert_eq!(hashes(text), expected, "{text:?}");
        }
    }
}
