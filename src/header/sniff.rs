//! What a file that is no safetensors file is, judged by its first bytes.

/// The kind of file that begins with `first`, or `None` when nothing says.
///
/// Only for a file that could not be read as safetensors: the length of a header is any eight
/// bytes, so these marks prove nothing on their own.
pub(crate) fn looks_like(first: &[u8]) -> Option<&'static str> {
    Some(match first {
        [] => "an empty file",
        [0, 0, 0, 0, 0, 0, 0, 0, rest @ ..] if rest.iter().all(|&byte| byte == 0) => {
            "it begins with zero bytes, as an interrupted download leaves them"
        }
        [b'P', b'K', 3 | 5, 4 | 6, ..] => zip(first),
        [0x80, 2..=5, 1..=0xff, ..] => "a pickle (PyTorch before 1.6, or a pickled pytree)",
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "a NumPy array (.npy)",
        [0x89, b'H', b'D', b'F', ..] => "an HDF5 file (Keras .h5)",
        [b'G', b'G', b'U', b'F', ..] => "a GGUF file",
        [0x1f, 0x8b, ..] => "gzip data: decompress it first",
        _ if is_msgpack_map(first) => "a msgpack map (flax.serialization.to_bytes)",
        _ => return text(first),
    })
}

/// The first member of a zip archive tells PyTorch's from NumPy's.
fn zip(first: &[u8]) -> &'static str {
    const NAME_LEN: usize = 26;
    const NAME: usize = 30;
    let name = first
        .get(NAME_LEN..)
        .and_then(<[u8]>::first_chunk)
        .map(|len| usize::from(u16::from_le_bytes(*len)))
        .and_then(|len| first.get(NAME..)?.get(..len))
        .unwrap_or_default();
    if name.ends_with(b".npy") {
        "a zip archive of NumPy arrays (.npz)"
    } else if name.ends_with(b".pkl") {
        "a zip archive with a pickle (PyTorch .pt or .bin)"
    } else {
        "a zip archive (PyTorch .pt, NumPy .npz, Keras .keras)"
    }
}

/// A map whose first key is a string, as every flax checkpoint is.
fn is_msgpack_map(first: &[u8]) -> bool {
    let key = match first {
        [0x80] => return true,
        [0x81..=0x8f, key @ ..] | [0xde, _, _, key @ ..] | [0xdf, _, _, _, _, key @ ..] => key,
        _ => return false,
    };
    matches!(key, [0xa0..=0xbf | 0xd9..=0xdb, ..])
}

fn text(first: &[u8]) -> Option<&'static str> {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    let begins = |mark: &[u8]| first.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    if first.starts_with(b"version https://git-lfs") {
        Some("a git-LFS pointer, which stands for the file: `git lfs pull` fetches it")
    } else if begins(b"<!doctype") || begins(b"<html") {
        Some("an HTML page, as a failed download leaves it")
    } else if begins(b"<?xml") {
        Some("an XML document, as a failed download leaves it")
    } else if matches!(first, [b'{' | b'[', ..]) {
        Some("JSON text (the index of a sharded checkpoint?)")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_named() {
        let zip = |name: &str| {
            let mut bytes = b"PK\x03\x04".to_vec();
            bytes.resize(26, 0);
            bytes.extend((name.len() as u16).to_le_bytes());
            bytes.extend([0, 0]);
            bytes.extend(name.bytes());
            bytes
        };
        let cases: [(&[u8], &str); 22] = [
            (b"", "an empty file"),
            (&[0; 64], "zero bytes"),
            (b"PK\x03\x04", "a zip archive (PyTorch"),
            (b"PK\x05\x06", "a zip archive (PyTorch"),
            (&zip("archive/data.pkl"), "with a pickle"),
            (&zip("arr_0.npy"), "NumPy arrays (.npz)"),
            (b"\x80\x04\x95\x10\0\0\0\0\0\0\0}", "a pickle"),
            (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a pickle"),
            (b"\x93NUMPY\x01\0v\0", "a NumPy array"),
            (b"\x89HDF\r\n\x1a\n", "HDF5"),
            (b"GGUF\x03\0\0\0", "GGUF"),
            (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
            (b"\x80", "msgpack"),
            (b"\x82\xa6params\x81", "msgpack"),
            (b"\xde\0\x10\xd9\x20", "msgpack"),
            (b"\xdf\0\0\x10\0\xa1a", "msgpack"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git-LFS"),
            (b"\n<!DOCTYPE html>", "HTML"),
            (b"<HTML lang=en>", "HTML"),
            (b"<?xml version=\"1.0\"?>", "XML"),
            (b"{\"metadata\":{\"total_size\":1}}", "JSON"),
            (b"\xef\xbb\xbf{", "JSON"),
        ];
        for (first, expected) in cases {
            let found = looks_like(first).unwrap_or_else(|| panic!("{expected}: not recognised"));
            assert!(found.contains(expected), "{expected}: {found}");
        }
    }

    #[test]
    fn the_start_of_a_safetensors_file_looks_like_nothing() {
        for len in [8u64, 72, 0x80, 0x400, 560_000, 100_000_000] {
            let mut first = len.to_le_bytes().to_vec();
            first.extend(b"{\"a\":{\"dtype\":\"F32\"");
            assert_eq!(looks_like(&first), None, "{len}");
        }
        // Too little to tell, or a mark that only begins like another.
        for first in [&b"\x81\x01"[..], b"\xde", b"versions", b"<", b"P"] {
            assert_eq!(looks_like(first), None, "{first:?}");
        }
    }
}
