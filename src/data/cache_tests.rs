use std::convert::Infallible;
use std::fs::{self, OpenOptions};
use std::sync::atomic::AtomicUsize;

use image::Rgb;

use super::*;

fn key(n: u64) -> FrameKey {
    FrameKey::new(b"frame", &[n])
}

fn picture(n: u64) -> RgbImage {
    RgbImage::from_fn(10 + n as u32 % 5, 8, |x, y| {
        Rgb([n as u8, x as u8, y as u8])
    })
}

/// Fetches frame `n`, checks its pixels, and says whether it had to be decoded.
fn decoded(cache: &FrameCache, n: u64) -> bool {
    let mut fresh = false;
    let frame = cache
        .fetch(key(n), || {
            fresh = true;
            Ok::<_, Infallible>(picture(n))
        })
        .unwrap();
    let expected = picture(n);
    assert_eq!((frame.width, frame.height), expected.dimensions());
    assert_eq!(frame.rgb(), expected.as_raw().as_slice(), "frame {n}");
    fresh
}

#[test]
fn each_frame_is_decoded_once_even_across_processes() {
    let dir = tempfile::tempdir().unwrap();
    let cache = FrameCache::open(&dir.path().join("new/folder"));
    for n in 0..20 {
        assert!(decoded(&cache, n));
        assert!(
            !decoded(&cache, n),
            "the segment is readable while it grows"
        );
        assert!(!decoded(&cache, n / 2));
    }
    assert_eq!(cache.len(), 20);
    drop(cache);
    let cache = FrameCache::open(&dir.path().join("new/folder"));
    assert!((0..20).all(|n| !decoded(&cache, n)));
    assert!(decoded(&cache, 20), "and it goes on");
    assert_eq!(cache.take_warning(), None);
}

#[test]
fn decode_errors_pass_through_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let cache = FrameCache::open(dir.path());
    assert_eq!(
        cache.fetch(key(1), || Err("damaged")).unwrap_err(),
        "damaged"
    );
    assert!(cache.is_empty());
    assert!(decoded(&cache, 1));
}

#[test]
fn many_threads_and_two_runs_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let caches = [FrameCache::open(dir.path()), FrameCache::open(dir.path())];
    let decodes = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let (cache, decodes) = (&caches[thread as usize % 2], &decodes);
            scope.spawn(move || {
                for round in 0..400u64 {
                    let n = (round * 7 + thread * 13) % 50;
                    decodes.fetch_add(usize::from(decoded(cache, n)), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(decodes.into_inner() >= 100, "each run decodes for itself");
    drop(caches);
    let cache = FrameCache::open(dir.path());
    assert_eq!(cache.len(), 50);
    assert!((0..50).all(|n| !decoded(&cache, n)));
}

#[test]
fn a_shortened_or_damaged_segment_is_decoded_again() {
    let dir = tempfile::tempdir().unwrap();
    let cache = FrameCache::open(dir.path());
    (0..6).for_each(|n| assert!(decoded(&cache, n)));
    drop(cache);
    let pixels = pixel_path(dir.path(), 0);
    let mut bytes = fs::read(&pixels).unwrap();
    bytes[5] ^= 0xFF; // in frame 0
    bytes.truncate(bytes.len() - 10); // into frame 5
    fs::write(&pixels, bytes).unwrap();
    let cache = FrameCache::open(dir.path());
    let again: Vec<_> = (0..6).filter(|&n| decoded(&cache, n)).collect();
    assert_eq!(again, [0, 5]);
    assert!((0..6).all(|n| !decoded(&cache, n)));
    drop(cache);
    let cache = FrameCache::open(dir.path());
    assert!(
        (0..6).all(|n| !decoded(&cache, n)),
        "the newer entry of a frame counts"
    );
}

#[test]
fn an_unusable_folder_warns_once_and_works_from_memory() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let cache = FrameCache::open(&file.join("sub"));
    let warning = cache.take_warning().unwrap();
    assert!(warning.contains("VISAGE_CACHE"), "{warning}");
    assert_eq!(cache.take_warning(), None);
    assert!(decoded(&cache, 1));
    assert!(!decoded(&cache, 1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_writing_but_not_the_run() {
    // /dev/full accepts opening and refuses every write with "no space left".
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", pixel_path(dir.path(), 0)).unwrap();
    let cache = FrameCache::open(dir.path());
    assert_eq!(cache.take_warning(), None);
    assert!(decoded(&cache, 1));
    assert!(cache.take_warning().unwrap().contains("free some space"));
    assert!(!decoded(&cache, 1), "kept in memory instead");
    assert!(decoded(&cache, 2));
    assert_eq!(cache.take_warning(), None, "one warning is enough");
}

#[test]
fn half_an_entry_at_the_end_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let cache = FrameCache::open(dir.path());
    (0..3).for_each(|n| assert!(decoded(&cache, n)));
    drop(cache);
    let index = OpenOptions::new()
        .write(true)
        .open(dir.path().join("0.idx"))
        .unwrap();
    index.set_len(index.metadata().unwrap().len() - 1).unwrap();
    let cache = FrameCache::open(dir.path());
    assert_eq!(cache.len(), 2);
    assert!(!decoded(&cache, 1));
    assert!(decoded(&cache, 2));
}
