//! Where the scans of a JPEG end, and whether all of its rows are there.
//!
//! A decoder paints rows that never came in gray, and end markers are no witness: whole files lack
//! theirs, and cut ones have one. But a whole scan says where its last block ends, so whatever stands
//! behind it cannot change the picture. Two different continuations of a scan that was cut give two
//! pictures.

/// Two continuations, of bytes that stand for something in any Huffman table.
const CONTINUATIONS: [u8; 2] = [0x00, 0x55];
/// How many of them: more than a decoder reads ahead.
const LENGTH: usize = 64;
/// Start of image.
const SOI: u8 = 0xD8;
/// Start of scan.
const SOS: u8 = 0xDA;
/// End of image.
const EOI: u8 = 0xD9;

/// The file up to the end of its scans, with two continuations. Both show the same picture if all
/// rows are there.
pub fn continued(bytes: &[u8]) -> [Vec<u8>; 2] {
    let scans = &bytes[..end_of_scans(bytes)];
    CONTINUATIONS.map(|filler| {
        let mut whole = Vec::with_capacity(scans.len() + LENGTH + 2);
        whole.extend_from_slice(scans);
        whole.resize(scans.len() + LENGTH, filler);
        whole.extend([0xFF, EOI]);
        whole
    })
}

/// Where the scans of the first picture end: at its end marker, or at the end of the file. Pictures
/// within segments, such as thumbnails, are passed over, and so is what stands between segments.
fn end_of_scans(bytes: &[u8]) -> usize {
    let mut at = 2; // after the start-of-image marker
    // A sequential picture may show all its components in one scan; whatever follows is a trailer.
    let (mut sequential_components, mut last_scan) = (None, false);
    let mut scanned = false;
    while let Some(marker_at) = next_marker(bytes, at) {
        let marker = bytes[marker_at + 1];
        at = marker_at + 2;
        match marker {
            // Markers without a length: restarts, and one of arithmetic coding.
            0xD0..=0xD7 | 0x01 => continue,
            _ if last_scan => return marker_at,
            EOI if scanned => return marker_at,
            EOI | SOI => continue,
            _ => {}
        }
        let segment = &bytes[at..];
        let Some(&[high, low]) = segment.get(..2) else {
            break;
        };
        match marker {
            0xC0 | 0xC1 => sequential_components = segment.get(7),
            SOS => {
                scanned = true;
                last_scan =
                    sequential_components.is_some() && segment.get(2) == sequential_components;
            }
            _ => {}
        }
        at += usize::from(u16::from_be_bytes([high, low])).max(2);
    }
    bytes.len()
}

/// The next 0xFF with a marker behind it. In a scan a zero behind it says that it is data.
fn next_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let found = rest
        .windows(2)
        .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xFF));
    found.map(|found| from + found)
}
