use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};

use super::*;
use crate::augment::{Interpolation, ViewParams};
use crate::config::{Branch, FacePositive, Layout, PoseLoss, PoseSource};
use crate::data::{StreamSizes, open};

/// `count` different pictures of different sizes.
fn faces(folder: &Path, count: u32) {
    fs::create_dir_all(folder).unwrap();
    for n in 0..count {
        let image = RgbImage::from_fn(20 + n, 30, |x, y| {
            Rgb([(n * 9) as u8, (x * 5) as u8, (y * 7) as u8])
        });
        image.save(folder.join(format!("{n:03}.png"))).unwrap();
    }
}

fn small() -> RunConfig {
    let mut cfg = RunConfig::default();
    (cfg.batch.recon, cfg.batch.face) = (4, 3);
    (cfg.pose.batch_size, cfg.pose.num_negatives) = (2, 5);
    cfg
}

fn start(root: &Path, cache: &Path, cfg: &RunConfig, first_step: u64) -> Loader {
    let source = Arc::new(open(Some(root), cfg).unwrap());
    Loader::start(source, Arc::new(FrameCache::open(cache)), cfg, first_step).unwrap()
}

/// Everything in a batch, comparable.
type Content = (
    u64,
    Vec<u8>,
    Vec<(u32, u32, u32)>,
    [Vec<ViewParams>; 4],
    Vec<(Vec<f32>, Vec<u32>)>,
    u32,
);

fn content(batch: &StepBatch) -> Content {
    let interp = |i: &Option<Interpolation>| {
        i.as_ref()
            .map(|i| (i.lambda.clone(), i.permutation.clone()))
    };
    (
        batch.step,
        batch.arena.bytes.clone(),
        batch
            .arena
            .table
            .iter()
            .map(|slot| (slot.offset, slot.width, slot.height))
            .collect(),
        [&batch.recon, &batch.recon_hat, &batch.face, &batch.pose].map(Vec::clone),
        [interp(&batch.face_interp), interp(&batch.pose_interp)]
            .into_iter()
            .flatten()
            .collect(),
        batch.noise_seed,
    )
}

fn run(loader: &mut Loader, steps: usize) -> Vec<Content> {
    (0..steps)
        .map(|_| {
            let batch = loader.next_batch().unwrap();
            let content = content(&batch);
            loader.recycle(batch);
            content
        })
        .collect()
}

#[test]
fn a_step_is_the_same_however_it_is_reached() {
    let dir = tempfile::tempdir().unwrap();
    let (data, cache) = (dir.path().join("data"), dir.path().join("cache"));
    faces(&data, 9);
    fs::write(data.join("004.png"), "damaged").unwrap();
    let cfg = small();
    let from_zero = run(&mut start(&data, &cache, &cfg, 0), 8);
    let warm = run(&mut start(&data, &cache, &cfg, 0), 8);
    let resumed = run(&mut start(&data, &cache, &cfg, 5), 3);
    let cold = run(
        &mut start(&data, &dir.path().join("other cache"), &cfg, 5),
        3,
    );
    assert!(from_zero == warm);
    assert!(from_zero[5..] == resumed[..]);
    assert!(from_zero[5..] == cold[..]);
    assert!(
        from_zero
            .windows(2)
            .all(|pair| pair[0].1 != pair[1].1 && pair[0].5 != pair[1].5),
        "steps differ"
    );

    let mut other = cfg.clone();
    other.seed += 1;
    assert!(run(&mut start(&data, &cache, &other, 0), 1)[0].1 != from_zero[0].1);
}

#[test]
fn streams_are_laid_out_as_promised() {
    let dir = tempfile::tempdir().unwrap();
    faces(&dir.path().join("data"), 9);
    let cfg = small();
    let batch = start(&dir.path().join("data"), &dir.path().join("cache"), &cfg, 0)
        .next_batch()
        .unwrap();
    let frames = |views: &[ViewParams]| views.iter().map(|view| view.frame).collect::<Vec<_>>();
    assert_eq!(batch.arena.table.len(), 4 + 3 + 2);
    assert_eq!(frames(&batch.recon), [0, 1, 2, 3]);
    assert_eq!(frames(&batch.face), [4, 5, 6, 4, 5, 6]);
    assert_eq!(
        frames(&batch.pose),
        [7, 8, 7, 8, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8]
    );
    assert!(batch.pose[..4].iter().all(|view| view.flip == 0));
    assert!(batch.pose[4..].iter().all(|view| view.flip == 1));
    for (view, slot) in batch.recon.iter().zip(&batch.arena.table) {
        assert_eq!((view.width, view.height), (slot.width, slot.height));
    }
    let shape = |i: &Option<Interpolation>| {
        i.as_ref()
            .map(|i| (i.rows, i.permutation.len(), i.lambda.len()))
    };
    assert_eq!(shape(&batch.face_interp), Some((6, 4, 24)));
    assert_eq!(shape(&batch.pose_interp), Some((2, 5, 10)));
}

#[test]
fn streams_follow_the_losses() {
    let dir = tempfile::tempdir().unwrap();
    let (data, cache) = (dir.path().join("data"), dir.path().join("cache"));
    faces(&data, 9);
    let first = |cfg: &RunConfig| start(&data, &cache, cfg, 0).next_batch().unwrap();

    let mut cfg = small();
    cfg.pose.loss = PoseLoss::FaceStyle;
    let batch = first(&cfg);
    assert_eq!(
        batch.pose.iter().map(|view| view.frame).collect::<Vec<_>>(),
        [7, 8, 9, 7, 8, 9]
    );
    assert_eq!(
        batch
            .pose_interp
            .as_ref()
            .map(|i| (i.rows, i.permutation.len())),
        Some((6, 4))
    );
    assert!(
        batch.pose.iter().all(|view| view.width < 15),
        "quadrant crops like the face stream's"
    );

    cfg.pose.loss = PoseLoss::Off;
    cfg.neg_interp.branches = vec![Branch::Pose];
    let batch = first(&cfg);
    assert!(batch.pose.is_empty() && batch.pose_interp.is_none() && batch.face_interp.is_none());
    assert_eq!(batch.arena.table.len(), 7);

    cfg.face.enabled = false;
    cfg.recon.terms = [false; 4];
    assert_eq!(first(&cfg).recon.len(), 4, "L_orth still needs the stream");
    cfg.orth.weight = 0.0;
    cfg.pose.loss = PoseLoss::Pose;
    let batch = first(&cfg);
    assert!(batch.recon.is_empty() && batch.face.is_empty());
    assert_eq!(batch.pose.len(), 2 * 2 + 2 * 5);
}

#[test]
fn unusable_files_are_replaced_and_named_or_end_a_strict_run() {
    let dir = tempfile::tempdir().unwrap();
    let (data, cache) = (dir.path().join("data"), dir.path().join("cache"));
    faces(&data, 6);
    fs::write(data.join("001.png"), "only words").unwrap();
    RgbImage::new(1, 1).save(data.join("002.png")).unwrap();
    let cfg = small();
    let source = Arc::new(open(Some(&data), &cfg).unwrap());
    fs::remove_file(data.join("003.png")).unwrap(); // after it was listed
    let mut loader = Loader::start(
        Arc::clone(&source),
        Arc::new(FrameCache::open(&cache)),
        &cfg,
        0,
    )
    .unwrap();
    for _ in 0..6 {
        let batch = loader.next_batch().unwrap();
        assert_eq!(batch.recon.len(), 4);
        assert!(
            batch
                .arena
                .table
                .iter()
                .all(|slot| [20, 24, 25].contains(&slot.width))
        );
    }
    drop(loader);
    let mut named: Vec<_> = source.skipped().drain_new();
    named.sort_by(|a, b| a.file.cmp(&b.file));
    let files: Vec<_> = named
        .iter()
        .map(|skip| skip.file.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(files, ["001.png", "002.png", "003.png"]);
    assert!(
        named[0].reason.contains("not an image")
            && named[1].reason.contains("1 × 1")
            && named[2].reason.contains("cannot be read")
    );

    let mut cfg = small();
    cfg.data.strict = true;
    let mut loader = start(&data, &cache, &cfg, 0);
    let error = (0..10).find_map(|_| loader.next_batch().err()).unwrap();
    assert!(matches!(error, DataError::Strict { .. }), "{error}");
    assert!(matches!(
        loader.next_batch(),
        Err(DataError::LoaderEnded(_))
    ));
}

#[test]
fn nothing_usable_ends_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..3 {
        fs::write(dir.path().join(format!("{n}.jpg")), "words").unwrap();
    }
    let error = start(dir.path(), &dir.path().join("cache"), &small(), 0)
        .next_batch()
        .err()
        .unwrap();
    assert!(
        matches!(error, DataError::NothingUsable { tries: 1000, .. }),
        "{error}"
    );
}

#[test]
fn a_changed_file_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let (data, cache) = (dir.path().join("data"), dir.path().join("cache"));
    fs::create_dir(&data).unwrap();
    let path = data.join("face.png");
    let cfg = small();
    let mut seen = Vec::new();
    for (colour, size) in [(10, 16), (200, 24)] {
        RgbImage::from_pixel(size, size, Rgb([colour; 3]))
            .save(&path)
            .unwrap();
        let batch = start(&data, &cache, &cfg, 0).next_batch().unwrap();
        seen.push((batch.arena.table[0].width, batch.arena.bytes[0]));
    }
    assert_eq!(seen, [(16, 10), (24, 200)]);
}

#[test]
fn two_loaders_share_a_cache() {
    let dir = tempfile::tempdir().unwrap();
    let (data, cache) = (dir.path().join("data"), dir.path().join("cache"));
    faces(&data, 30);
    let cfg = small();
    let [one, two] = std::thread::scope(|scope| {
        [0, 1]
            .map(|_| scope.spawn(|| run(&mut start(&data, &cache, &cfg, 0), 12)))
            .map(|thread| thread.join().unwrap())
    });
    assert!(one == two);
    assert!(one == run(&mut start(&data, &cache, &cfg, 0), 12));
}

#[test]
fn folders_as_items_draw_a_frame_per_visit() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for person in ["a", "b", "c"] {
        faces(&data.join(person), 12);
    }
    fs::create_dir(data.join("empty")).unwrap();
    let mut cfg = small();
    cfg.data.layout = Layout::Casia;
    let steps = run(&mut start(&data, &dir.path().join("cache"), &cfg, 0), 10);
    let widths: std::collections::HashSet<_> = steps
        .iter()
        .flat_map(|step| &step.2)
        .map(|slot| slot.1)
        .collect();
    assert_eq!(widths.len(), 12, "in time every frame is drawn");
    assert!(steps == run(&mut start(&data, &dir.path().join("cache"), &cfg, 0), 10));
}

#[test]
fn partners_are_the_same_however_a_step_is_reached() {
    let dir = tempfile::tempdir().unwrap();
    let (data, cache) = (dir.path().join("data"), dir.path().join("cache"));
    for clip in ["a/1", "a/2", "b/1"] {
        faces(&data.join(clip), 5);
    }
    faces(&data.join("b/2"), 1);
    fs::write(data.join("a/1/002.png"), "damaged").unwrap();
    let mut cfg = small();
    cfg.pose.source = vec![PoseSource::Clip, PoseSource::Flip];
    cfg.pose.neg_source = vec![PoseSource::Person];
    cfg.face.positive = FacePositive::Person;
    let from_zero = run(&mut start(&data, &cache, &cfg, 0), 12);
    assert!(from_zero[7..] == run(&mut start(&data, &cache, &cfg, 7), 5)[..]);
    let hats = from_zero.iter().flat_map(|step| &step.3[1]);
    let flips: Vec<u32> = hats.map(|view| view.flip).collect();
    assert!(flips.contains(&0) && flips.contains(&1));
}

#[test]
fn a_picture_alone_is_mirrored_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    faces(&data.join("a"), 2);
    faces(&data.join("b"), 1);
    let mut cfg = small();
    cfg.pose.source = vec![PoseSource::Clip];
    let source = Arc::new(open(Some(&data), &cfg).unwrap());
    let cache = Arc::new(FrameCache::open(&dir.path().join("cache")));
    let mut loader = Loader::start(source.clone(), cache, &cfg, 0).unwrap();
    let steps = run(&mut loader, 6);
    let views = |at: usize| steps.iter().flat_map(move |step| &step.3[at]);
    let mut mirrored = 0;
    for (s, s_hat) in views(0).zip(views(1)) {
        assert_eq!(s_hat.flip == 1, s_hat.frame == s.frame);
        mirrored += u64::from(s_hat.flip);
    }
    assert!(mirrored > 0 && source.alone() >= mirrored);
}

#[test]
fn steps_beyond_32_bit_offsets_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    faces(dir.path(), 1);
    let mut cfg = RunConfig::default();
    cfg.data.cache_px = 4000;
    let source = Arc::new(open(Some(dir.path()), &cfg).unwrap());
    let cache = Arc::new(FrameCache::open(&dir.path().join("cache")));
    let error = Loader::start(source, cache, &cfg, 0)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("522 frames of up to 4000 px"), "{error}");
    // Partners need room as well.
    cfg.data.cache_px = 1600;
    let sizes = StreamSizes::new(&cfg);
    assert_eq!(sizes.most_frames(&cfg), 522);
    cfg.pose.source = vec![PoseSource::Clip];
    cfg.face.positive = FacePositive::Clip;
    cfg.pose.neg_source = vec![PoseSource::Clip];
    assert_eq!(sizes.most_frames(&cfg), 2 * 256 + 2 * 256 + 10 * 101);
}
