use std::collections::HashSet;
use std::fs;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::config::PoseGiver;
use crate::data::{FaceSource, FrameId, open, settle};

/// A folder with empty files of these names. No partner needs their pixels.
fn tree(names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    dir
}

const VIDEOS: [&str; 7] = [
    "ann/v1/1.jpg",
    "ann/v1/2.jpg",
    "ann/v1/3.jpg",
    "ann/v2/1.jpg",
    "bob/v1/1.jpg",
    "bob/v1/2.jpg",
    "bob/v2/1.jpg",
];

fn asking(choice: PoseSource) -> RunConfig {
    let mut cfg = RunConfig::default();
    cfg.pose.source = vec![choice];
    cfg
}

/// The names of all partners of the frame `name` that 200 draws find.
fn partners(root: &Path, source: &FaceSource, partner: Partner, name: &str) -> HashSet<String> {
    let path = root.join(name);
    let mut items = source.item_paths().iter();
    let item = items.position(|item| path.starts_with(item)).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let frame = FrameId::File(path);
    let mut names = HashSet::new();
    for _ in 0..200 {
        match source.partner(partner, item, &frame, &mut rng).unwrap() {
            Some(FrameId::File(found)) => {
                let name = found.strip_prefix(root).unwrap().to_str().unwrap();
                names.insert(name.replace('\\', "/"));
            }
            Some(other) => panic!("{other:?}"),
            None => assert!(names.is_empty()),
        }
    }
    names
}

fn set(names: &[&str]) -> HashSet<String> {
    names.iter().map(|name| name.to_string()).collect()
}

#[test]
fn a_tree_of_people_and_clips() {
    let dir = tree(&VIDEOS);
    let list = dir.path().join("list.txt");
    fs::write(&list, "ann/v1\nann/v2\nbob/v1\nbob/v2\n").unwrap();
    fs::create_dir(dir.path().join("empty")).unwrap();
    for (layout, list) in [
        (Layout::Folder, ""),
        (Layout::Casia, ""),
        (Layout::Vox, "list.txt"),
    ] {
        let mut cfg = asking(PoseSource::Clip);
        (cfg.data.layout, cfg.data.list) = (layout, list.into());
        cfg.data.exclude = if layout == Layout::Casia {
            vec!["empty".into()]
        } else {
            vec![]
        };
        let source = open(Some(dir.path()), &cfg).unwrap();
        let of = |partner, name| partners(dir.path(), &source, partner, name);
        assert_eq!(
            of(Partner::Clip, "ann/v1/1.jpg"),
            set(&["ann/v1/2.jpg", "ann/v1/3.jpg"]),
            "{layout}"
        );
        assert_eq!(
            of(Partner::Person, "ann/v1/1.jpg"),
            set(&["ann/v2/1.jpg"]),
            "{layout}: another clip, where there is one"
        );
        assert_eq!(source.alone(), 0);
        assert_eq!(of(Partner::Clip, "bob/v2/1.jpg"), set(&[]), "{layout}");
        assert_eq!(source.alone(), 200);
    }
}

#[test]
fn every_unit_of_a_video_list_knows_its_person() {
    let dir = tree(&[
        "deep/ann/v1/c1/1.jpg",
        "deep/ann/v1/c2/1.jpg",
        "deep/ann/v2/c1/1.jpg",
        "deep/bob/v1/c1/1.jpg",
        "deep/bob/v1/c1/2.jpg",
    ]);
    fs::write(
        dir.path().join("list.txt"),
        "deep/ann/v1\ndeep/ann/v2\ndeep/bob/v1\n",
    )
    .unwrap();
    for unit in [
        crate::config::VoxUnit::Video,
        crate::config::VoxUnit::Clip,
        crate::config::VoxUnit::Frame,
    ] {
        let mut cfg = asking(PoseSource::Person);
        (cfg.data.layout, cfg.data.list, cfg.vox.unit) = (Layout::Vox, "list.txt".into(), unit);
        let source = open(Some(dir.path()), &cfg).unwrap();
        let of = |partner, name| partners(dir.path(), &source, partner, name);
        assert_eq!(
            of(Partner::Person, "deep/ann/v1/c1/1.jpg"),
            set(&["deep/ann/v1/c2/1.jpg", "deep/ann/v2/c1/1.jpg"]),
            "{unit}"
        );
        assert_eq!(
            of(Partner::Person, "deep/bob/v1/c1/1.jpg"),
            set(&["deep/bob/v1/c1/2.jpg"]),
            "{unit}: the same clip, because there is no other"
        );
    }
}

#[test]
fn labels_come_before_folders() {
    let dir = tree(&["all/1.png", "all/2.png", "all/3.png", "all/4.png"]);
    fs::write(
        dir.path().join("labels.csv"),
        "file,identity,clip\nall/1.png,ann,a\nall/2.png,ann,a\nall/3.png,ann,b\nall/4.png,bob,a\n",
    )
    .unwrap();
    let source = open(Some(dir.path()), &asking(PoseSource::Person)).unwrap();
    let of = |partner, name| partners(dir.path(), &source, partner, name);
    assert_eq!(of(Partner::Clip, "all/1.png"), set(&["all/2.png"]));
    assert_eq!(of(Partner::Person, "all/1.png"), set(&["all/3.png"]));
    assert_eq!(of(Partner::Person, "all/4.png"), set(&[]));

    // Without clips a folder is one, but for each of its people.
    fs::write(
        dir.path().join("labels.csv"),
        "file,identity\nall/1.png,ann\nall/2.png,ann\nall/3.png,bob\n",
    )
    .unwrap();
    let source = open(Some(dir.path()), &asking(PoseSource::Clip)).unwrap();
    let of = |name| partners(dir.path(), &source, Partner::Clip, name);
    assert_eq!(of("all/1.png"), set(&["all/2.png"]));
    assert_eq!((of("all/3.png"), of("all/4.png")), (set(&[]), set(&[])));
}

#[test]
fn listed_pairs_go_both_ways_and_leave_out_what_training_does() {
    let dir = tree(&["a b.png", "c.png", "d.png", "held/e.png", "f.png"]);
    fs::write(
        dir.path().join("pairs.csv"),
        "a b.png, c.png\r\nc.png\td.png\nf.png,held/e.png\n",
    )
    .unwrap();
    let mut cfg = asking(PoseSource::Pairs);
    cfg.pose.pairs = "pairs.csv".into();
    cfg.data.exclude = vec!["held".into()];
    let source = open(Some(dir.path()), &cfg).unwrap();
    settle(&source, &cfg).unwrap();
    let of = |name| partners(dir.path(), &source, Partner::Pairs, name);
    assert_eq!(of("a b.png"), set(&["c.png"]));
    assert_eq!(of("c.png"), set(&["a b.png", "d.png"]));
    assert_eq!(of("f.png"), set(&[]));

    fs::write(dir.path().join("pairs.csv"), "a b.png c.png\n").unwrap();
    let said = open(Some(dir.path()), &cfg).unwrap_err().to_string();
    assert!(said.contains("`a b.png c.png` should name two"), "{said}");
    fs::write(dir.path().join("pairs.csv"), "x.png,y.png\n").unwrap();
    let source = open(Some(dir.path()), &cfg).unwrap();
    let said = settle(&source, &cfg).unwrap_err().to_string();
    assert!(said.contains("names none of the training faces"), "{said}");
    cfg.pose.pairs = "none.csv".into();
    let said = open(Some(dir.path()), &cfg).unwrap_err().to_string();
    assert!(said.ends_with("none.csv"), "{said}");
}

#[test]
fn generated_faces_have_every_partner() {
    let cfg = asking(PoseSource::Auto);
    let source = open(None, &cfg).unwrap();
    let faces = crate::data::generated::GeneratedFaces::new(cfg.seed, 64);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for item in [0, 77, 3583] {
        let own = faces.truth(item);
        let frame = FrameId::Generated(item);
        for _ in 0..50 {
            let mut draw = |partner| {
                let found = source.partner(partner, item, &frame, &mut rng);
                found.unwrap().unwrap()
            };
            let FrameId::Generated(at) = draw(Partner::Clip) else {
                panic!("a frame of the clip is a face of the set")
            };
            let truth = faces.truth(at);
            assert_eq!((truth.identity, truth.clip), (own.identity, own.clip));
            assert_ne!(truth.frame, own.frame);

            let FrameId::Generated(at) = draw(Partner::Person) else {
                panic!("a picture of the person is a face of the set")
            };
            let truth = faces.truth(at);
            assert_eq!(truth.identity, own.identity);
            assert_ne!(truth.clip, own.clip);

            let FrameId::Turned { item: of, pose_of } = draw(Partner::Pairs) else {
                panic!("a pair is the same moment")
            };
            assert_eq!(of, item);
            assert_ne!(pose_of, item);
            assert_eq!(
                draw(Partner::Pairs),
                FrameId::Turned { item, pose_of },
                "one more picture for each face, not thousands"
            );
        }
    }
    let turned = FrameId::Turned {
        item: 5,
        pose_of: 9,
    };
    let others = [
        FrameId::Generated(5),
        FrameId::Turned {
            item: 5,
            pose_of: 10,
        },
        FrameId::Turned {
            item: 6,
            pose_of: 9,
        },
    ];
    for other in others {
        assert_ne!(source.key(&turned).unwrap(), source.key(&other).unwrap());
        assert_ne!(
            source.decode(&turned).unwrap(),
            source.decode(&other).unwrap()
        );
    }
}

/// What `auto` becomes.
fn settled(names: &[&str], change: impl FnOnce(&mut RunConfig)) -> PoseSource {
    let dir = tree(names);
    fs::write(dir.path().join("list.txt"), "ann\nbob\n").unwrap();
    let mut cfg = asking(PoseSource::Auto);
    change(&mut cfg);
    let source = open(Some(dir.path()), &cfg).unwrap();
    let (cfg, notes) = settle(&source, &cfg).unwrap();
    assert!(notes[0].starts_with("pose.source = auto: "), "{notes:?}");
    let [one] = cfg.pose.source[..] else {
        panic!("auto is one choice")
    };
    assert!(notes[0].contains(&one.to_string()), "{notes:?}");
    one
}

#[test]
fn auto_takes_the_best_the_data_offer() {
    let layout = |layout: Layout, list: &'static str| {
        move |cfg: &mut RunConfig| (cfg.data.layout, cfg.data.list) = (layout, list.into())
    };
    assert_eq!(settled(&VIDEOS, |_| {}), PoseSource::Clip);
    assert_eq!(
        settled(&VIDEOS, layout(Layout::Vox, "list.txt")),
        PoseSource::Clip
    );
    assert_eq!(
        settled(&VIDEOS, layout(Layout::Casia, "")),
        PoseSource::Person
    );
    let single = [
        "ann/v1/1.jpg",
        "ann/v2/1.jpg",
        "bob/v1/1.jpg",
        "bob/v2/1.jpg",
    ];
    assert_eq!(settled(&single, |_| {}), PoseSource::Person);
    assert_eq!(settled(&["1.jpg", "2.jpg"], |_| {}), PoseSource::Flip);
    let one_folder = ["images/1.jpg", "images/2.jpg"];
    assert_eq!(settled(&one_folder, |_| {}), PoseSource::Flip);
    let classes = [
        "train/angry/1.jpg",
        "train/angry/2.jpg",
        "train/happy/1.jpg",
        "train/happy/2.jpg",
    ];
    assert_eq!(settled(&classes, |_| {}), PoseSource::Flip);
    let dir = tree(&["a.jpg", "b.jpg"]);
    fs::write(dir.path().join("list.txt"), "a.jpg,b.jpg\n").unwrap();
    let mut cfg = asking(PoseSource::Auto);
    cfg.pose.pairs = "list.txt".into();
    let source = open(Some(dir.path()), &cfg).unwrap();
    assert_eq!(
        settle(&source, &cfg).unwrap().0.pose.source,
        [PoseSource::Pairs]
    );

    let mut cfg = asking(PoseSource::Auto);
    cfg.face.positive = FacePositive::Auto;
    cfg.pose.neg_source = vec![PoseSource::Auto];
    cfg.pose.giver = PoseGiver::Auto;
    let (cfg, notes) = settle(&open(None, &cfg).unwrap(), &cfg).unwrap();
    assert_eq!(cfg.pose.source, [PoseSource::Pairs]);
    assert_eq!(cfg.pose.neg_source, [PoseSource::Pairs]);
    assert_eq!((cfg.face.positive, notes.len()), (FacePositive::Person, 4));
    assert_eq!(cfg.pose.giver, PoseGiver::Twin);
    // What was settled stays as it is.
    let (again, notes) = settle(&open(None, &cfg).unwrap(), &cfg).unwrap();
    assert!(again == cfg && notes.is_empty());
}

#[test]
fn what_cannot_be_had_is_refused() {
    let dir = tree(&["1.jpg", "2.jpg"]);
    let refusal = |change: &dyn Fn(&mut RunConfig)| {
        let mut cfg = RunConfig::default();
        change(&mut cfg);
        let source = open(Some(dir.path()), &cfg).unwrap();
        settle(&source, &cfg).unwrap_err().to_string()
    };
    let said = refusal(&|cfg| cfg.pose.source = vec![PoseSource::Flip, PoseSource::Clip]);
    assert!(
        said.starts_with("`pose.source` names `clip`, but the data have no clips"),
        "{said}"
    );
    assert!(
        said.contains("`flip` needs nothing") && said.ends_with(&dir.path().display().to_string()),
        "{said}"
    );
    let said = refusal(&|cfg| cfg.pose.giver = PoseGiver::Twin);
    assert!(said.contains("which only generated faces"), "{said}");
    let said = refusal(&|cfg| cfg.pose.neg_source = vec![PoseSource::Person]);
    assert!(
        said.starts_with("`pose.neg_source` names `person`") && said.contains("`identity`"),
        "{said}"
    );
    let said = refusal(&|cfg| cfg.face.positive = FacePositive::Pairs);
    assert!(
        said.contains("`pose.pairs`") && said.contains("`own` needs nothing"),
        "{said}"
    );
}
