//! One frame: bars around the panels.

use std::time::Duration;

use eframe::egui::{
    self, CentralPanel, Frame, Margin, Panel as Bar, Response, RichText, Ui, WidgetText,
};
use egui_tiles::{Behavior, TileId, Tiles, Tree, UiResponse};

use super::Lab;
use crate::lab::desk::{Command, Desk};
use crate::lab::lesson::Lesson;
use crate::lab::panel::{PanelKind, Panels, run};
use crate::lab::state::LabState;
use crate::lab::{help, layout};

/// Slowest frame and how many there were.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameTimes {
    /// Frames drawn.
    pub frames: u64,
    /// The longest time from the beginning of a frame to its end, without what the toolkit does
    /// with it.
    pub slowest: Duration,
    /// All of them together.
    pub total: Duration,
}

impl FrameTimes {
    pub(super) fn push(&mut self, time: Duration) {
        self.frames += 1;
        self.slowest = self.slowest.max(time);
        self.total += time;
    }
}

/// The panels of one step of the tour, kept as long as it lasts, so that tabs can be chosen.
pub(super) struct Tour {
    panels: &'static [PanelKind],
    compact: bool,
    tree: Tree<PanelKind>,
}

impl Tour {
    fn new(panels: &'static [PanelKind], compact: bool) -> Self {
        Self {
            panels,
            compact,
            tree: layout::tour_tree(panels, compact),
        }
    }

    fn fits(&self, panels: &[PanelKind], compact: bool) -> bool {
        self.panels == panels && self.compact == compact
    }
}

impl Lab {
    pub(super) fn draw(&mut self, ui: &mut Ui) {
        let hidden = self
            .lesson
            .as_ref()
            .is_some_and(|lesson| lesson.hide_controls);
        if !hidden {
            self.top_bar(ui);
        }
        self.banner(ui);
        self.offer(ui);
        self.lesson_card(ui);
        let mut drawn = Vec::new();
        CentralPanel::default()
            .frame(Frame::NONE.fill(ui.visuals().extreme_bg_color))
            .show(ui, |ui| {
                let compact = self.is_compact(ui.ctx());
                let tour = self.lesson.as_ref().map(Lesson::panels);
                if let Some(panels) = tour
                    && !self.tour.as_ref().is_some_and(|t| t.fits(panels, compact))
                {
                    self.tour = Some(Tour::new(panels, compact));
                }
                let tree = match &mut self.tour {
                    Some(shown) if tour.is_some() => &mut shown.tree,
                    _ if compact => &mut self.compact,
                    _ => &mut self.tree,
                };
                let mut shelf = Shelf {
                    panels: &mut self.panels,
                    state: &self.state,
                    desk: &mut self.desk,
                    drawn: &mut drawn,
                };
                tree.ui(&mut shelf, ui);
            });
        self.drawn = drawn.into_iter().map(|kind| kind as usize).collect();
        self.overlays(ui);
        help::help(ui.ctx(), &mut self.help);
        self.toasts.ui(ui.ctx());
    }

    /// Whether the window has room for one panel only, in points.
    pub(super) fn is_compact(&self, ctx: &egui::Context) -> bool {
        let room = ctx.content_rect().size();
        room.x < 900.0 || room.y < 480.0
    }

    fn top_bar(&mut self, ui: &mut Ui) {
        Bar::top("transport").show(ui, |ui| {
            ui.add_space(4.0);
            ui.horizontal(|ui| {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    self.window_buttons(ui);
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        run::transport(ui, &self.state, &mut self.desk);
                    });
                });
            });
            ui.add_space(4.0);
        });
    }

    fn window_buttons(&mut self, ui: &mut Ui) {
        if ui
            .button("?")
            .on_hover_text("Keys and symbols (?)")
            .clicked()
        {
            self.help = !self.help;
        }
        let dark = ui.visuals().dark_mode;
        let theme = if dark { "Light" } else { "Dark" };
        if ui
            .button(theme)
            .on_hover_text("Change the colours (D)")
            .clicked()
        {
            self.toggle_theme();
        }
        ui.menu_button("View", |ui| {
            for (index, kind) in PanelKind::ALL.into_iter().enumerate() {
                let label = format!("{}  {}", index + 1, kind.title());
                if ui.button(label).on_hover_text(kind.about()).clicked() {
                    self.desk.commands.push(Command::Show(kind));
                    ui.close();
                }
            }
            ui.separator();
            if ui.button("Larger  +").clicked() {
                self.zoom(1.1);
            }
            if ui.button("Smaller  −").clicked() {
                self.zoom(1.0 / 1.1);
            }
            if ui.button("Save a picture of the window  S").clicked() {
                self.picture_of_window();
                ui.close();
            }
            if ui.button("Put all panels back").clicked() {
                self.desk.commands.push(Command::ResetLayout);
                ui.close();
            }
        });
        let touring = self.lesson.is_some();
        if ui
            .selectable_label(touring, "Lesson")
            .on_hover_text("A guided tour in a few short steps (L)")
            .clicked()
        {
            self.desk.commands.push(Command::Lesson(!touring));
        }
    }

    fn lesson_card(&mut self, ui: &mut Ui) {
        let Some(lesson) = &mut self.lesson else {
            return;
        };
        let width = 380_f32.min(0.55 * ui.available_width());
        Bar::left("lesson")
            .resizable(false)
            .exact_size(width)
            .show(ui, |ui| lesson.ui(ui, &self.state, &mut self.desk));
    }
}

/// What panels say that only training can fill.
const NOTHING_TRAINED: &str = "This panel watches a network learn. The one that is open is trained already; “Train \
                               from nothing” (T) begins with a new one.";

/// Hands the panels to the tiles.
struct Shelf<'a> {
    panels: &'a mut Panels,
    state: &'a LabState,
    desk: &'a mut Desk,
    drawn: &'a mut Vec<PanelKind>,
}

impl Behavior<PanelKind> for Shelf<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, kind: &mut PanelKind) -> UiResponse {
        self.drawn.push(*kind);
        Frame::NONE
            .fill(ui.visuals().panel_fill)
            .inner_margin(Margin::symmetric(10, 8))
            .show(ui, |ui| {
                ui.push_id(*kind, |ui| {
                    if self.state.network.is_some() && kind.needs_training() {
                        ui.label(NOTHING_TRAINED);
                        return;
                    }
                    self.panels.get_mut(*kind).ui(ui, self.state, self.desk);
                });
                // The panel fills its tile, however little it draws.
                ui.allocate_space(ui.available_size());
            });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, kind: &PanelKind) -> WidgetText {
        RichText::new(kind.title()).size(14.5).into()
    }

    fn on_tab_button(
        &mut self,
        tiles: &mut Tiles<PanelKind>,
        tile: TileId,
        button: Response,
    ) -> Response {
        match tiles.get_pane(&tile) {
            Some(kind) => button.on_hover_text(kind.about()),
            None => button,
        }
    }

    fn tab_bar_height(&self, _: &egui::Style) -> f32 {
        30.0
    }

    fn gap_width(&self, _: &egui::Style) -> f32 {
        4.0
    }

    fn simplification_options(&self) -> egui_tiles::SimplificationOptions {
        egui_tiles::SimplificationOptions {
            // A panel alone keeps its tab, or it would have no name.
            all_panes_must_have_tabs: true,
            ..Default::default()
        }
    }
}
