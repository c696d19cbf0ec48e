//! Evaluation input that cannot be used: a sentence with the place, exit code 2, nothing lost.

use std::fs;

use crate::process::Place;

/// Writes a file and the folders above it.
fn write(place: &Place, name: &str, text: &[u8]) {
    let path = place.path(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
    fs::write(path, text).expect("the file");
}

fn picture(place: &Place, name: &str) {
    let path = place.path(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
    crate::process::picture(3).save(path).expect("a picture");
}

#[test]
fn label_files_are_refused_with_file_and_line() {
    let place = Place::new();
    place.train_generated(1);
    let eval = |task: &str, data: &str| {
        place.run(&[
            "eval", "run", "--device", "cpu", "--task", task, "--data", data,
        ])
    };

    picture(&place, "none/a.png");
    eval("codes", "none").expect(2).says(&["labels.csv"]);

    for (name, text, words) in [
        ("mistyped", "file,yaw_deg\na.png,left\n", ["left", "line 2"]),
        (
            "beyond",
            "file,au1,au2,au4,au6,au9,au12,au25,au26\na.png,9,0,0,0,0,0,0,0\n",
            ["9", "line 2"],
        ),
        (
            "missing",
            "file,identity\na.png,x\ngone.png,y\n",
            ["gone.png", "line 3"],
        ),
        ("headless", "name,yaw_deg\na.png,3\n", ["file", "line 1"]),
    ] {
        picture(&place, &format!("{name}/a.png"));
        write(&place, &format!("{name}/labels.csv"), text.as_bytes());
        eval("codes", name)
            .expect(2)
            .says(&words)
            .says(&["labels.csv"]);
    }

    write(
        &place,
        "pixels/fer2013.csv",
        b"emotion,pixels,Usage\n0,1 2 3,Training\n",
    );
    eval("fer", "pixels")
        .expect(2)
        .says(&["fer2013.csv", "line 2", "2304"]);

    write(&place, "pairs/pairs.txt", b"10\t1\nAnn\t1\t2\nAnn 1\n");
    picture(&place, "pairs/Ann/Ann_0001.jpg");
    picture(&place, "pairs/Ann/Ann_0002.jpg");
    eval("verify", "pairs")
        .expect(2)
        .says(&["pairs.txt", "line 3"]);

    write(&place, "npz/AFW.npz", b"PK no zip at all");
    write(&place, "npz/AFLW2000.npz", b"PK no zip at all");
    eval("pose", "npz").expect(2).says(&["AF"]);
}

#[test]
fn splits_that_share_a_person_are_refused() {
    let place = Place::new();
    place.train_generated(1);
    let mut labels = "file,identity,expression,split\n".to_owned();
    for (n, (who, split)) in [("ann", "train"), ("bob", "train"), ("ann", "test")]
        .iter()
        .enumerate()
    {
        picture(&place, &format!("leak/{n}.png"));
        labels += &format!("{n}.png,{who},happy,{split}\n");
    }
    write(&place, "leak/labels.csv", labels.as_bytes());
    let args = [
        "eval", "run", "--device", "cpu", "--task", "fer", "--data", "leak",
    ];
    place.run(&args).expect(2).says(&["ann", "labels.csv"]);
}

#[test]
fn what_is_no_network_is_refused() {
    let place = Place::new();
    let eval = |weights: &str| place.run(&["eval", weights, "--device", "cpu"]);
    eval("nowhere")
        .expect(2)
        .says(&["no run and no weights file", "nowhere"]);
    fs::create_dir_all(place.path("empty/checkpoints")).expect("a folder");
    eval("empty")
        .expect(2)
        .says(&["no checkpoint yet", "empty"]);
    write(&place, "text.safetensors", b"no weights");
    eval("text.safetensors")
        .expect(2)
        .says(&["text.safetensors"]);
    let run = place.train_generated(1);
    let args = ["eval", "run", "--device", "cpu", "--task", "fer"];
    place.run(&args).expect(2).says(&["--data"]);
    // A damaged newest checkpoint is named; it is not silently another one that is measured.
    let weights = run.join("checkpoints/step_00000001/model.safetensors");
    let bytes = fs::read(&weights).expect("weights");
    fs::write(&weights, &bytes[..bytes.len() / 2]).expect("half of it");
    eval("run")
        .expect(2)
        .says(&["model.safetensors", "not a whole"]);
}

#[test]
fn exports_that_cannot_be_are_refused() {
    let place = Place::new();
    picture(&place, "full/a.png");
    place
        .run(&["faces", "--out", "full"])
        .expect(2)
        .says(&["full"]);
    let few = [
        "faces",
        "--identities",
        "3",
        "--layout",
        "lfw",
        "--out",
        "lfw",
    ];
    place.run(&few).expect(2).says(&["20"]);
    assert!(!place.path("lfw").exists());
}

#[test]
fn labels_of_the_live_measurement() {
    let place = Place::new();
    place.faces(6);
    // Labels beside the training faces cost a warning only.
    write(&place, "faces/labels.csv", b"file,yaw_deg\n00.png,north\n");
    let said = place.train(&["--steps", "1", "--out", "a"]).expect(0);
    said.says(&["What the codes know is not measured", "north"]);
    // Labels that were asked for are an error.
    let named = [
        "--steps",
        "1",
        "--out",
        "b",
        "--set",
        "knowledge.data=faces",
    ];
    place.train(&named).expect(2).says(&["north", "labels.csv"]);
    let exclude = ["--steps", "1", "--out", "c", "--set", "data.exclude=nobody"];
    place
        .train(&exclude)
        .expect(2)
        .says(&["data.exclude", "nobody"]);
}
