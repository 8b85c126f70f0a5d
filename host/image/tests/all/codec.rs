//! Layers compressed by blocks: equal bytes however they are made, and what others read of them; what is no whole layer.

use std::io::{Cursor, Read, Write};
use std::num::NonZero;
use std::process::{Command, Stdio};
use std::{io, thread};

use oci_image_image::codec::{Codec, Decoder, Encoder, GzipLevel, Pool, ZstdLevel};
use oci_spec::image::MediaType;
use proptest::prelude::*;

use crate::fixture::sha256;

const MIB: usize = 1 << 20;

fn pool(threads: usize) -> Pool {
    Pool::of(NonZero::new(threads).unwrap())
}

/// Bytes with nothing to gain, the same for a seed.
fn noise(mut seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bytes.extend((mixed ^ (mixed >> 27)).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Lines that are much like each other, the same for a seed.
fn lines(seed: u64, size: usize) -> Vec<u8> {
    let some: String = (0..4096_u64)
        .map(|line| format!("{seed} usr/share/{}\n", line * line))
        .collect();
    let mut bytes = some.repeat(size / some.len() + 1).into_bytes();
    bytes.truncate(size);
    bytes
}

/// Text, noise, and nothing but zeros, in stretches that end anywhere.
fn mixed(seed: u64, size: usize) -> Vec<u8> {
    let third = size / 3;
    let mut bytes = lines(seed, third);
    bytes.extend(noise(seed, third));
    bytes.resize(size, 0);
    bytes
}

fn compressed(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::on(pool(2), codec, Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn decompressed(layer: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Decoder::new(layer)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a program makes of its standard input; `None` where it is not installed.
fn filtered(program: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{program} {arguments:?}");
    Some(output.stdout)
}

fn codecs() -> impl Strategy<Value = Codec> {
    prop_oneof![Just(Codec::gzip()), Just(Codec::zstd())]
}

/// Nothing, a few bytes, what ends with a block, and several blocks.
fn inputs() -> impl Strategy<Value = Vec<u8>> {
    let size = prop_oneof![
        Just(0),
        1..100_usize,
        Just(MIB),
        Just(2 * MIB),
        Just(4 * MIB),
        0..5 * MIB
    ];
    let make = prop_oneof![
        Just(noise as fn(u64, usize) -> Vec<u8>),
        Just(lines as fn(u64, usize) -> Vec<u8>),
        Just(mixed as fn(u64, usize) -> Vec<u8>)
    ];
    (make, any::<u64>(), size).prop_map(|(make, seed, size)| make(seed, size))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bytes_depend_on_neither_threads_nor_cuts_nor_flushes(
        codec in codecs(),
        input in inputs(),
        cuts in proptest::collection::vec((0..2 * MIB, any::<bool>()), 0..20),
    ) {
        let expected = compressed(codec, &input);
        prop_assert!(decompressed(&expected).unwrap() == input);
        for threads in [1, 8] {
            let mut encoder = Encoder::on(pool(threads), codec, Vec::new());
            let mut rest = &input[..];
            for (cut, is_flushed) in &cuts {
                let (part, after) = rest.split_at((*cut).min(rest.len()));
                encoder.write_all(part).unwrap();
                if *is_flushed {
                    encoder.flush().unwrap();
                }
                rest = after;
            }
            encoder.write_all(rest).unwrap();
            prop_assert!(encoder.finish().unwrap() == expected, "{threads} threads");
        }
    }

    #[test]
    fn damage_is_an_error_or_the_same_bytes(codec in codecs(), at in any::<prop::sample::Index>(), bit in 0..8) {
        let input = lines(7, 10_000);
        let mut layer = compressed(codec, &input);
        let at = at.index(layer.len());
        layer[at] ^= 1_u8 << bit;
        // A magic that is damaged is none, and what it begins is no compressed layer.
        match decompressed(&layer) {
            Ok(bytes) => prop_assert!(bytes == input || bytes == layer),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn others_read_what_is_written() {
    for input in [Vec::new(), b"little".to_vec(), mixed(1, 5 * MIB + 1)] {
        let gzip = compressed(Codec::gzip(), &input);
        let zstd = compressed(Codec::zstd(), &input);

        let readers = [
            ("gzip", &["-dc"][..], &gzip),
            (
                "python3",
                &[
                    "-c",
                    "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.stdin.buffer).read())",
                ],
                &gzip,
            ),
            ("unpigz", &["-c"], &gzip),
            ("igzip", &["-dc"], &gzip),
            ("zstd", &["-dc"], &zstd),
        ];
        for (program, arguments, layer) in readers {
            if let Some(read) = filtered(program, arguments, layer) {
                assert!(read == input, "{program}, {} bytes", input.len());
            }
        }
        filtered("gzip", &["-t"], &gzip);
        filtered("zstd", &["-tq"], &zstd);
    }
}

/// Who changes these digests changes what `id` says, too: a cache would take the old bytes for the new ones.
#[test]
fn same_id_means_same_bytes() {
    let input = mixed(1, 3 * MIB);
    let smallest = Codec::Gzip {
        level: GzipLevel::new(12).unwrap(),
    };
    let fastest = Codec::Zstd {
        level: ZstdLevel::new(1).unwrap(),
    };
    let cases = [
        (
            Codec::gzip(),
            "gzip-libdeflate1.26.1-level5-block1048576",
            "sha256:420fee7240e4b267aa32b80953e2b3616058328e50456666bda82bac777bec4f",
        ),
        (
            smallest,
            "gzip-libdeflate1.26.1-level12-block1048576",
            "sha256:41c8bf9deafc687c36dced688912c25c57cff7cbbdef53059bd0e4778a473217",
        ),
        (
            Codec::zstd(),
            "zstd-libzstd1.5.7-level3-block2097152",
            "sha256:3afcd2f1e95cd04526d1e82d118d59a5c8793c8b2ecf277c97e6b43a77887012",
        ),
        (
            fastest,
            "zstd-libzstd1.5.7-level1-block2097152",
            "sha256:a6d520b441fee6782c89ccd285b1ce6936b469bde365a3949a29ad703753c56d",
        ),
    ];
    let found = cases.map(|(codec, ..)| (codec.id(), sha256(&compressed(codec, &input))));
    let expected = cases.map(|(_, id, digest)| (id.to_owned(), digest.to_owned()));

    assert_eq!(found, expected);
}

#[test]
fn media_types_are_those_of_the_image_spec() {
    assert_eq!(Codec::gzip().media_type(), MediaType::ImageLayerGzip);
    assert_eq!(Codec::zstd().media_type(), MediaType::ImageLayerZstd);
}

#[test]
fn every_level_can_be_read() {
    let input = mixed(3, 300_000);
    let gzip = (1..=12).map(|level| Codec::Gzip {
        level: GzipLevel::new(level).unwrap(),
    });
    let zstd = (1..=19).map(|level| Codec::Zstd {
        level: ZstdLevel::new(level).unwrap(),
    });
    for codec in gzip.chain(zstd) {
        let layer = compressed(codec, &input);
        assert!(decompressed(&layer).unwrap() == input, "{}", codec.id());
    }
    assert!(ZstdLevel::new(0).is_none() && ZstdLevel::new(20).is_none());
}

#[test]
fn layers_of_others_are_read_as_their_first_bytes_say() {
    let input = mixed(2, 2 * MIB);
    let zstd = compressed(Codec::zstd(), &input);
    let half = zstd.len() / 2;
    // Readers that give little at a time, from the first byte on.
    let slow = Cursor::new(&zstd[..1])
        .chain(&zstd[1..3])
        .chain(&zstd[3..half])
        .chain(&zstd[half..]);
    let mut read = Vec::new();
    Decoder::new(slow).unwrap().read_to_end(&mut read).unwrap();
    assert!(read == input);

    assert_eq!(decompressed(b"").unwrap(), b"");
    assert_eq!(decompressed(b"tar").unwrap(), b"tar");
    assert!(decompressed(&crate::fixture::gzip(&input)).unwrap() == input);
    // What can be left out of a stream of zstd is left out, as in layers that name their files there.
    let skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
    assert!(
        decompressed(&[&zstd[..], skipped, &zstd].concat()).unwrap()
            == [&input[..], &input].concat()
    );
}

#[test]
fn layer_that_ends_early_or_late_is_an_error() {
    let streams = [lines(1, 3_000), lines(2, 1_000)];
    for codec in [Codec::gzip(), Codec::zstd()] {
        let [first, second] = streams.each_ref().map(|stream| compressed(codec, stream));
        let whole = [&first[..], &second].concat();
        assert!(decompressed(&whole).unwrap() == streams.concat());
        for end in (4..whole.len()).filter(|end| *end != first.len()) {
            assert!(
                decompressed(&whole[..end]).is_err(),
                "{} at {end}",
                codec.id()
            );
        }
        for garbage in [
            &b"\0"[..],
            b"garbage",
            &[0; 512],
            b"\x1f\x8b",
            b"\x28\xb5\x2f\xfd",
        ] {
            assert!(
                decompressed(&[&whole[..], garbage].concat()).is_err(),
                "{garbage:x?}"
            );
        }
    }
}

#[test]
fn frame_that_looks_back_too_far_is_refused() {
    // A frame of one empty block, with its window: 128 MiB, 144 MiB, 2 GiB and the largest that can be said.
    let frame = |window: u8| [&b"\x28\xb5\x2f\xfd\0"[..], &[window], b"\x01\0\0"].concat();
    assert_eq!(decompressed(&frame(0x88)).unwrap(), b"");
    for window in [0x89, 0xa8, 0xff] {
        assert!(decompressed(&frame(window)).is_err(), "{window:x}");
    }
    // The same of a frame that is its own window, 4 GiB long.
    let single = b"\x28\xb5\x2f\xfd\xe0\0\0\0\0\x01\0\0\0\x01\0\0";
    assert!(decompressed(single).is_err());
}
