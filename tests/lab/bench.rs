//! A lab without a screen.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, DroppedFile, Key, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use visage::device::DeviceRequest;
use visage::lab::app::Lab;
use visage::lab::look::theme;
use visage::lab::replay::{Player, Replay};
use visage::run::RunPlan;
use visage::train::event::StopReason;

/// Where the trainer of a test runs.
pub const CPU: DeviceRequest = DeviceRequest::Cpu;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time of a frame, in seconds.
const FRAME_S: f32 = 0.03;

/// The keys of the panels, in order.
pub const PANEL_KEYS: [Key; 9] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

/// A lab and somebody at it.
pub struct Bench {
    /// The window.
    pub harness: Harness<'static, Option<Lab>>,
}

impl Bench {
    /// A lab that trains.
    pub fn training(plan: RunPlan) -> Self {
        Self::open(move |ctx| {
            Lab::train(plan.clone(), ctx, Duration::from_secs_f32(FRAME_S)).unwrap()
        })
    }

    /// A lab that plays with a trained network and may train after that.
    pub fn playing(play: RunPlan, next: RunPlan, offer: bool) -> Self {
        let gap = Duration::from_secs_f32(FRAME_S);
        Self::open(move |ctx| Lab::play(play.clone(), next.clone(), offer, ctx, gap).unwrap())
    }

    /// A lab that shows a run.
    pub fn replaying(run: &Path) -> Self {
        let run = run.to_owned();
        Self::open(move |ctx| {
            let replay = Replay::open(&run).unwrap();
            Lab::replay(Player::new(replay), run.clone(), ctx)
        })
    }

    fn open(make: impl Fn(&egui::Context) -> Lab + 'static) -> Self {
        let harness = Harness::builder()
            .with_size([1280.0, 720.0])
            .with_step_dt(FRAME_S)
            .with_context_setup(theme::install)
            .wgpu()
            .build_ui_state(
                move |ui, lab: &mut Option<Lab>| lab.get_or_insert_with(|| make(ui.ctx())).ui(ui),
                None,
            );
        Self { harness }
    }

    pub fn lab(&self) -> &Lab {
        self.harness
            .state()
            .as_ref()
            .expect("it is made with the first frame")
    }

    pub fn lab_mut(&mut self) -> &mut Lab {
        self.harness
            .state_mut()
            .as_mut()
            .expect("it is made with the first frame")
    }

    /// One frame.
    pub fn step(&mut self) {
        self.harness.step();
    }

    /// Frame after frame until something is the case.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&Lab) -> bool) {
        let start = Instant::now();
        while !holds(self.lab()) {
            assert!(
                start.elapsed() < PATIENCE,
                "{what} did not come; {:?}, step {}",
                self.lab().state.phase,
                self.lab().state.step
            );
            self.step();
            std::thread::sleep(Duration::from_secs_f32(FRAME_S));
        }
    }

    /// Frame after frame until something with this label is there.
    #[track_caller]
    pub fn until_label(&mut self, label: &str) {
        self.until_seen(label, |bench| {
            bench.harness.query_all_by_label(label).next().is_some()
        });
    }

    /// The same with a part of the label.
    #[track_caller]
    pub fn until_label_contains(&mut self, part: &str) {
        self.until_seen(part, |bench| {
            bench
                .harness
                .query_all_by_label_contains(part)
                .next()
                .is_some()
        });
    }

    #[track_caller]
    fn until_seen(&mut self, what: &str, seen: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !seen(self) {
            assert!(start.elapsed() < PATIENCE, "`{what}` was not seen");
            self.step();
            std::thread::sleep(Duration::from_secs_f32(FRAME_S));
        }
    }

    /// Frames for so long.
    pub fn wait(&mut self, time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            self.step();
            std::thread::sleep(Duration::from_secs_f32(FRAME_S));
        }
    }

    /// Clicks the first control with this label; some are in two places.
    #[track_caller]
    pub fn click(&mut self, label: &str) {
        let control = self
            .harness
            .query_all_by_label(label)
            .find(|node| node.accesskit_node().role() != Role::Label)
            .unwrap_or_else(|| panic!("nothing to click is called `{label}`"));
        control.click();
        self.step();
        self.step();
    }

    /// Presses a key.
    pub fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.step();
        self.step();
    }

    /// What a panel would put on the desk.
    pub fn wish(&mut self, command: visage::lab::desk::Command) {
        self.lab_mut().wish(command);
        self.step();
        self.step();
    }

    /// Drops a file on the window.
    pub fn drop_file(&mut self, path: &Path) {
        let file = Dropped(path.to_owned());
        self.harness.input_mut().dropped_files.push(Arc::new(file));
        self.step();
    }

    /// Stops the trainer and says how it ended.
    pub fn stop(self) -> StopReason {
        let lab = self.harness.into_state().expect("it was made");
        lab.into_session().expect("a trainer").stop().unwrap()
    }
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// Pictures of all panels and all steps of the tour, at two sizes and in both themes.
pub fn pictures(plan: RunPlan, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let mut bench = Bench::training(plan);
    bench.until("some steps", |lab| lab.state.step >= 40);
    let save = |bench: &mut Bench, name: String| {
        bench.wait(Duration::from_secs(2));
        let picture = bench.harness.render().expect("a picture");
        picture.save(folder.join(name)).expect("it can be saved");
    };
    for (size, scale, name) in [([1280.0, 720.0], 1.0, "1x"), ([640.0, 360.0], 2.0, "2x")] {
        bench.harness.set_size(egui::Vec2::from(size));
        bench.harness.set_pixels_per_point(scale);
        for (index, key) in PANEL_KEYS.into_iter().enumerate() {
            bench.press(key);
            save(&mut bench, format!("panel_{}_{name}.png", index + 1));
        }
        bench.press(Key::L);
        for step in 1..=9 {
            save(&mut bench, format!("tour_{step}_{name}.png"));
            if step < 9 {
                bench.click("Next");
            }
        }
        bench.press(Key::Escape);
        bench.press(Key::D);
    }
    bench.stop();
}
