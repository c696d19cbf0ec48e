use std::collections::HashMap;
use std::sync::Arc;

use rand::SeedableRng;

use super::*;
use crate::config::{FacePositive, PoseGiver, RunConfig};
use crate::data::generated::GeneratedFaces;
use crate::data::{FaceSource, FrameCache, StepBatch, StepBuilder};

/// A step on faces of two generated people.
fn step(change: impl FnOnce(&mut RunConfig)) -> StepBatch {
    let mut cfg = RunConfig::default();
    (cfg.batch.recon, cfg.batch.face) = (4, 3);
    (cfg.pose.batch_size, cfg.pose.num_negatives) = (2, 5);
    change(&mut cfg);
    let dir = tempfile::tempdir().unwrap();
    let cache = Arc::new(FrameCache::open(dir.path()));
    let source = Arc::new(FaceSource::generated(1, 2, 64));
    let builder = StepBuilder::new(source, cache, &cfg).unwrap();
    builder.build(3, StepBatch::default(), &|| false).unwrap()
}

/// The pixels of the frame that a view shows.
fn pixels<'a>(batch: &'a StepBatch, view: &ViewParams) -> &'a [u8] {
    batch.arena.frame(view.frame).1
}

/// The views with the pixels of their frames, wherever these lie in the arena.
fn seen<'a>(batch: &'a StepBatch, views: &[ViewParams]) -> Vec<(ViewParams, &'a [u8])> {
    let shown = |view: &ViewParams| (ViewParams { frame: 0, ..*view }, pixels(batch, view));
    views.iter().map(shown).collect()
}

#[test]
fn shares_are_kept() {
    let sources = [PoseSource::Flip, PoseSource::Clip, PoseSource::Rotate];
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let draws = 10_000;
    for (shares, expected) in [
        (vec![], [1.0 / 3.0; 3]),
        (vec![1.0, 0.0, 3.0], [0.25, 0.0, 0.75]),
    ] {
        let poses = PoseDraw::new(&sources, &shares);
        let mut counts = HashMap::new();
        for _ in 0..draws {
            *counts
                .entry(format!("{:?}", poses.draw(&mut rng)))
                .or_default() += 1;
        }
        for (source, p) in sources.into_iter().zip(expected) {
            let name = format!("{:?}", Change::from(source));
            let count: i32 = counts.remove(&name).unwrap_or_default();
            let sigma = (f64::from(draws) * p * (1.0 - p)).sqrt();
            let off = f64::from(count) - f64::from(draws) * p;
            assert!(off.abs() <= 3.0 * sigma, "{name}: {count}");
        }
        assert!(counts.is_empty(), "{counts:?}");
    }
}

#[test]
fn without_partners_s_hat_is_the_mirrored_s_and_nothing_else_changes() {
    let batch = step(|_| {});
    let mirrored: Vec<_> = batch
        .recon
        .iter()
        .map(|s| ViewParams { flip: 1, ..*s })
        .collect();
    assert_eq!(batch.recon_hat, mirrored);
    assert_eq!(batch.arena.table.len(), 4 + 3 + 2);

    // Partners are drawn by themselves: everything of the frame's own stays to the bit.
    let with = step(|cfg| {
        cfg.pose.source = vec![PoseSource::Pairs];
        cfg.pose.neg_source = vec![PoseSource::Person];
        cfg.face.positive = FacePositive::Clip;
    });
    assert_eq!(seen(&with, &with.recon), seen(&batch, &batch.recon));
    assert_eq!(seen(&with, &with.face[..3]), seen(&batch, &batch.face[..3]));
    assert_eq!(seen(&with, &with.pose[..4]), seen(&batch, &batch.pose[..4]));
    for (own, other) in with.face[3..].iter().zip(&batch.face[3..]) {
        assert_ne!(pixels(&with, own), pixels(&batch, other));
        assert_eq!(
            ViewParams { frame: 0, ..*own },
            ViewParams { frame: 0, ..*other }
        );
    }
    for (s, s_hat) in with.recon.iter().zip(&with.recon_hat) {
        assert_eq!(*s_hat, whole(s.frame + 1, (64, 64)));
        assert_ne!(pixels(&with, s), pixels(&with, s_hat));
    }
    assert!(with.pose[4..].iter().all(|view| view.flip == 0));
    for (at, view) in with.pose[4..].iter().enumerate() {
        assert_ne!(
            view.frame,
            with.pose[at / 5].frame,
            "never the picture itself"
        );
    }
}

#[test]
fn geometric_sources_change_the_picture_itself() {
    let turned = step(|cfg| cfg.pose.source = vec![PoseSource::Rotate]);
    let shifted = step(|cfg| cfg.pose.source = vec![PoseSource::Translate]);
    for (s, s_hat) in turned.recon.iter().zip(&turned.recon_hat) {
        assert!(s_hat.angle_deg != 0.0 && s_hat.angle_deg.abs() <= 40.0);
        assert_eq!(
            *s,
            ViewParams {
                angle_deg: 0.0,
                ..*s_hat
            }
        );
    }
    for (s, s_hat) in shifted.recon.iter().zip(&shifted.recon_hat) {
        assert!(s_hat.shift_x != 0.0 && s_hat.shift_x.abs() <= 0.1 && s_hat.shift_y.abs() <= 0.1);
        assert_eq!(
            *s,
            ViewParams {
                shift_x: 0.0,
                shift_y: 0.0,
                ..*s_hat
            }
        );
    }
    let negatives = step(|cfg| cfg.pose.neg_source = vec![PoseSource::Translate]);
    assert!(
        negatives.pose[4..]
            .iter()
            .all(|view| view.flip == 0 && view.shift_x != 0.0)
    );
}

#[test]
fn a_frame_is_read_once_per_place() {
    let batch = step(|cfg| {
        cfg.pose.neg_source = vec![PoseSource::Pairs];
        cfg.pose.num_negatives = 30;
    });
    assert_eq!(batch.arena.table.len(), 4 + 3 + 2 * 2);
    let batch = step(|cfg| {
        cfg.pose.neg_source = vec![PoseSource::Clip];
        cfg.pose.num_negatives = 60;
    });
    assert_eq!(
        batch.arena.table.len(),
        4 + 3 + 2 * 8,
        "all frames of the two clips"
    );
}

#[test]
fn the_defaults_draw_what_they_always_drew() {
    let batch = step(|_| {});
    let mut crc = crc32fast::Hasher::new();
    for views in [&batch.recon, &batch.face, &batch.pose] {
        crc.update(bytemuck::cast_slice(views));
    }
    crc.update(&batch.noise_seed.to_le_bytes());
    // Of the version in which no partners were known.
    assert_eq!(crc.finalize(), 3_796_655_363);
}

#[test]
fn a_twin_is_somebody_else_in_the_pose_of_s_hat() {
    let pairs = |cfg: &mut RunConfig| cfg.pose.source = vec![PoseSource::Pairs];
    let own = step(pairs);
    assert!(own.recon_twin.is_empty());
    let with = step(|cfg| {
        pairs(cfg);
        cfg.pose.giver = PoseGiver::Twin;
    });
    assert_eq!(seen(&with, &with.recon), seen(&own, &own.recon));
    assert_eq!(seen(&with, &with.recon_hat), seen(&own, &own.recon_hat));
    let faces = GeneratedFaces::new(1, 2);
    let find = |view: &ViewParams, draw: &dyn Fn(usize) -> Vec<u8>| {
        (0..faces.len()).find(|&item| draw(item) == pixels(&with, view))
    };
    for ((s, s_hat), twin) in with.recon.iter().zip(&with.recon_hat).zip(&with.recon_twin) {
        let plain = |item| faces.render(item, 64).into_raw();
        let item = find(s, &plain).expect("s is one of the faces");
        let giver = find(twin, &plain).expect("so is who gives the pose");
        let turned = faces.render_turned(item, giver, 64).into_raw();
        assert_eq!(turned, pixels(&with, s_hat), "ŝ is s in the giver's pose");
    }
    // Without a turned head there is no giver but ŝ itself.
    let mut cfg = RunConfig::default();
    cfg.pose.giver = PoseGiver::Twin;
    let source = Arc::new(FaceSource::generated(1, 2, 64));
    let dir = tempfile::tempdir().unwrap();
    let cache = Arc::new(FrameCache::open(dir.path()));
    let refused = StepBuilder::new(source, cache, &cfg).err().unwrap();
    assert!(
        refused.to_string().contains("`own` needs nothing"),
        "{refused}"
    );
}

#[test]
fn a_triple_is_mirrored_whole_or_not_at_all() {
    let all = |cfg: &mut RunConfig| {
        cfg.batch.recon = 32;
        cfg.pose.source = vec![PoseSource::Pairs];
        cfg.pose.giver = PoseGiver::Twin;
    };
    let plain = step(all);
    let mirrored = step(|cfg| {
        all(cfg);
        cfg.recon.mirror = true;
    });
    let flips = |views: &[ViewParams]| views.iter().map(|view| view.flip).collect::<Vec<_>>();
    let of_s = flips(&mirrored.recon);
    assert_eq!(flips(&mirrored.recon_hat), of_s);
    assert_eq!(flips(&mirrored.recon_twin), of_s);
    let count: u32 = of_s.iter().sum();
    assert!((4..=28).contains(&count), "{count} of 32");
    assert!(flips(&plain.recon).iter().all(|flip| *flip == 0));
    for (with, without) in [
        (&mirrored.recon, &plain.recon),
        (&mirrored.recon_hat, &plain.recon_hat),
        (&mirrored.recon_twin, &plain.recon_twin),
    ] {
        for (with, without) in with.iter().zip(without) {
            assert_eq!(pixels(&mirrored, with), pixels(&plain, without));
        }
    }
    // A picture mirrored by itself is mirrored back.
    let flipped = step(|cfg| cfg.recon.mirror = true);
    for (s, s_hat) in flipped.recon.iter().zip(&flipped.recon_hat) {
        assert_eq!(s.flip + s_hat.flip, 1);
    }
}
