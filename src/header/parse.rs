//! The canonical form of a header, as the safetensors library and this crate write it: no space
//! between tokens, the fields of an entry in one order, spaces at the end.
//!
//! Nothing here is an error: at the first thing it does not know the parser gives up, and the
//! general one decides.

use super::{Dims, Entry, Fields, METADATA, Text};
use crate::Dtype;

/// What `text` says when it is in canonical form.
pub(super) fn canonical(text: &str) -> Option<Fields> {
    let mut cursor = Cursor { text, rest: text.as_bytes() };
    // A tensor takes some 80 bytes of text, and as many as its entry here at least: what is reserved
    // stays below the size of the header.
    let mut fields = Fields { entries: Vec::with_capacity(text.len() / 72), ..Fields::default() };
    let mut alike = Alike::default();

    cursor.eat(b"{")?;
    if cursor.eat(b"}").is_none() {
        loop {
            cursor.eat(b"\"")?;
            let key = cursor.string()?;
            let is_metadata = cursor.is_metadata(key)?;
            if !is_metadata && let Some(entry) = cursor.alike(key, &fields, &mut alike) {
                fields.push(entry, text);
                if !cursor.more(b'}')? {
                    break;
                }
                continue;
            }
            let start = cursor.rest;
            cursor.eat(b":{")?;
            if is_metadata {
                // A second one is for the general parser to refuse.
                if fields.metadata.is_some() {
                    return None;
                }
                fields.metadata = Some(cursor.metadata()?);
            } else {
                let entry = cursor.entry(key, &mut fields.dims, start, &mut alike)?;
                fields.push(entry, text);
            }
            if !cursor.more(b'}')? {
                break;
            }
        }
    }
    cursor.rest.iter().all(|&byte| byte == b' ').then_some(fields)
}

/// What tensors of one dtype and shape have in common, as text: all from the end of the key to the
/// beginning of the offsets.
#[derive(Clone, Copy, Default)]
struct Alike<'t> {
    common: &'t [u8],
    /// The digits of where the last one ends, which is where the next one begins.
    end: &'t [u8],
}

/// A string between its quotes.
///
/// It becomes a `Text` only in the place where that stays: the two halves of a range, written one
/// by one and copied as one right after, stall for a quarter of the whole parse.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    escaped: bool,
}

struct Cursor<'t> {
    text: &'t str,
    /// The end of `text` that is not read yet.
    rest: &'t [u8],
}

impl<'t> Cursor<'t> {
    #[inline]
    fn eat<const N: usize>(&mut self, token: &[u8; N]) -> Option<()> {
        // An array, not a slice: the comparison is of a known length and needs no call.
        let (found, rest) = self.rest.split_first_chunk::<N>()?;
        (found == token).then(|| self.rest = rest)
    }

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    /// Whether a comma follows, or else the end of a list or object.
    #[inline]
    fn more(&mut self, end: u8) -> Option<bool> {
        match self.next()? {
            b',' => Some(true),
            byte if byte == end => Some(false),
            _ => None,
        }
    }

    fn position(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// A string whose opening quote is read.
    #[inline(always)]
    fn string(&mut self) -> Option<Span> {
        let start = self.position();
        let len = plain_len(self.rest);
        let (_, rest) = self.rest.split_at_checked(len)?;
        match rest.split_first()? {
            (b'"', rest) => {
                self.rest = rest;
                Some(Span { start, end: start + len, escaped: false })
            }
            (b'\\', _) => self.escaped(start),
            _ => None,
        }
    }

    /// The same for a string with an escape in it.
    #[cold]
    fn escaped(&mut self, start: usize) -> Option<Span> {
        loop {
            match self.next()? {
                b'"' => return Some(Span { start, end: self.position() - 1, escaped: true }),
                b'\\' => _ = self.next()?,
                _ => {}
            }
        }
    }

    #[inline(always)]
    fn text(&self, span: Span) -> Option<Text> {
        if span.escaped {
            return self.unescaped(span);
        }
        Some(Text::Range { start: u32::try_from(span.start).ok()?, end: u32::try_from(span.end).ok()? })
    }

    #[cold]
    fn unescaped(&self, span: Span) -> Option<Text> {
        let quoted = self.text.get(span.start.checked_sub(1)?..=span.end)?;
        let owned: String = serde_json::from_str(quoted).ok()?;
        Some(Text::Owned(owned.into()))
    }

    #[inline(always)]
    fn is_metadata(&self, span: Span) -> Option<bool> {
        if span.escaped {
            return Some(self.unescaped(span)?.of(self.text) == METADATA);
        }
        Some(self.text.as_bytes().get(span.start..span.end)? == METADATA.as_bytes())
    }

    /// The entries of `__metadata__`, whose opening brace is read.
    fn metadata(&mut self) -> Option<Vec<(Text, Text)>> {
        let mut entries = Vec::new();
        if self.eat(b"}").is_some() {
            return Some(entries);
        }
        loop {
            self.eat(b"\"")?;
            let key = self.string()?;
            self.eat(b":\"")?;
            let value = self.string()?;
            entries.push((self.text(key)?, self.text(value)?));
            if !self.more(b'}')? {
                return Some(entries);
            }
        }
    }

    /// One tensor whose key is read, when it has the dtype and the shape of the last one, and begins
    /// where that ends.
    #[inline(always)]
    fn alike(&mut self, key: Span, fields: &Fields, alike: &mut Alike<'t>) -> Option<Entry> {
        let Entry { dtype, dims, end: begin, .. } = *fields.entries.last()?;
        let rest = self.rest.strip_prefix(alike.common)?.strip_prefix(alike.end)?;
        let mut ahead = Cursor { text: self.text, rest };
        ahead.eat(b",")?;
        let start = ahead.rest;
        let end = ahead.number()?;
        let digits = start.get(..start.len() - ahead.rest.len())?;
        ahead.eat(b"]}")?;
        let key = self.text(key)?;
        (self.rest, alike.end) = (ahead.rest, digits);
        Some(Entry { key, dtype, dims, begin, end })
    }

    /// One tensor, whose opening brace is read; `start` is what followed its key.
    #[inline(always)]
    fn entry(&mut self, key: Span, dims: &mut Vec<usize>, start: &'t [u8], alike: &mut Alike<'t>) -> Option<Entry> {
        self.eat(b"\"dtype\":\"")?;
        let dtype = self.dtype()?;
        self.eat(b",\"shape\":[")?;
        let dims_start = u32::try_from(dims.len()).ok()?;
        if self.eat(b"]").is_none() {
            loop {
                dims.push(usize::try_from(self.number()?).ok()?);
                if !self.more(b']')? {
                    break;
                }
            }
        }
        let dims_end = u32::try_from(dims.len()).ok()?;
        self.eat(b",\"data_offsets\":[")?;
        alike.common = start.get(..start.len() - self.rest.len())?;
        let data_begin = self.number()?;
        self.eat(b",")?;
        let before_end = self.rest;
        let data_end = self.number()?;
        alike.end = before_end.get(..before_end.len() - self.rest.len())?;
        self.eat(b"]}")?;
        let key = self.text(key)?;
        Some(Entry { key, dtype, dims: Dims { start: dims_start, end: dims_end }, begin: data_begin, end: data_end })
    }

    #[inline]
    fn dtype(&mut self) -> Option<Dtype> {
        let len = self.rest.iter().position(|&byte| byte == b'"')?;
        let (name, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest.split_first()?.1;
        Dtype::from_name(std::str::from_utf8(name).ok()?)
    }

    /// A number as JSON writes one: digits, of which the first is no needless zero.
    #[inline(always)]
    fn number(&mut self) -> Option<u64> {
        let leading_zero = self.rest.first() == Some(&b'0');
        let (mut value, mut digits) = self.rest.first_chunk().map_or((0, 0), |chunk| leading_digits(*chunk));
        self.rest = self.rest.get(digits..)?;
        if digits == 0 || digits == 8 {
            while let Some((digit @ b'0'..=b'9', rest)) = self.rest.split_first() {
                value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
                digits += 1;
                self.rest = rest;
            }
        }
        // 19 digits always fit.
        (digits == 1 || (2..=19).contains(&digits) && !leading_zero).then_some(value)
    }
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

/// The number that `text` begins with, and how many of its bytes are digits of it.
///
/// All eight at once: the digits, least significant byte first, are moved to the top, so that
/// zeros lead, and neighbours are joined to pairs, fours and eight.
#[inline]
fn leading_digits(text: [u8; 8]) -> (u64, usize) {
    let word = u64::from_le_bytes(text) ^ (ONES * u64::from(b'0'));
    // The lowest byte above 9 is marked; what it carries spoils only those after it.
    let other = (word.wrapping_add(ONES * (0x7f - 9)) | word) & HIGH;
    let bits = other.trailing_zeros() & !7;
    let Some(mut sum) = word.checked_shl(64 - bits) else { return (0, 0) };
    sum = (sum & (ONES * 0x0f)).wrapping_mul(10 << 8 | 1) >> 8;
    sum = (sum & 0x00ff_00ff_00ff_00ff).wrapping_mul(100 << 16 | 1) >> 16;
    sum = (sum & 0x0000_ffff_0000_ffff).wrapping_mul(10_000 << 32 | 1) >> 32;
    (sum, bits as usize / 8)
}

/// Whether a string stands in JSON as it is.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    plain_len(bytes) == bytes.len()
}

/// The bytes before the first that ends a JSON string, escapes, or may not stand in one.
///
/// Eight bytes at a time: the high bit of each that is such a byte is marked. A borrow can mark
/// others, but only after one that is, and the lowest mark is what counts.
#[inline]
fn plain_len(bytes: &[u8]) -> usize {
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let (words, _) = bytes.as_chunks::<8>();
    let mut len = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let quote = is_zero(word ^ (ONES * u64::from(b'"')));
        let escape = is_zero(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (quote | escape | control) & HIGH;
        if found != 0 {
            return len + found.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    let rest = bytes.get(len..).unwrap_or_default();
    len + rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<(u64, &str)> {
        let mut cursor = Cursor { text, rest: text.as_bytes() };
        let value = cursor.number()?;
        Some((value, &text[cursor.position()..]))
    }

    #[test]
    fn numbers_of_every_length_are_read_wherever_the_text_ends() {
        for len in 1..=19 {
            let digits = &"9876543210123456789"[..len];
            for after in ["", "]", ",1", "]}", "/000000000", ":999999999", "\u{0}aaaaaaaa", "é0000000", "\u{ff}9999999"]
            {
                let text = format!("{digits}{after}");
                assert_eq!(number(&text), Some((digits.parse().unwrap(), after)), "{text:?}");
            }
        }
        assert_eq!(number("0]"), Some((0, "]")));
        assert_eq!(number("0,00000000"), Some((0, ",00000000")));
        for text in
            ["", "]", "-1,000000", "00", "01]", "00000000", "012345678]", " 1", "18446744073709551616", "é1234567"]
        {
            assert_eq!(number(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_string_ends_at_the_first_byte_that_is_not_plain() {
        let plain = "az AZ09~!#[]\u{7f}é中😀\u{ff}\u{80}";
        for skipped in 0..8 {
            for end in ['"', '\\', '\0', '\u{1f}'] {
                let start = "x".repeat(skipped) + plain;
                for after in ["", "\"\\\u{1}!#]aaaaaaa"] {
                    assert_eq!(plain_len(format!("{start}{end}{after}").as_bytes()), start.len());
                }
                assert_eq!(plain_len(start.as_bytes()), start.len());
            }
        }
    }
}
