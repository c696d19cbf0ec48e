//! Whether a configuration can be trained.

use toml::Table;

use super::{
    Backbone, Combine, ConfigError, OrthForm, PoseLoss, PoseSource, RunConfig, keys, ranges,
};

impl RunConfig {
    /// Checks every number against its range, and what must fit together.
    ///
    /// [`RunConfig::resolve`] has done this; call it after changing a field in code.
    ///
    /// # Errors
    /// The first thing that is wrong, as a sentence with the key, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let table = Table::try_from(self).map_err(|error| {
            ConfigError::Conflict(format!(
                "the configuration cannot be saved as TOML: {error}"
            ))
        })?;
        for (key, value) in keys::flatten(&table) {
            ranges::check(&key, &value)?;
        }
        match self.conflict() {
            Some(sentence) => Err(ConfigError::Conflict(sentence)),
            None => Ok(()),
        }
    }

    /// The first thing that does not fit together, as a sentence.
    fn conflict(&self) -> Option<String> {
        unordered("aug.jitter_factor", self.aug.jitter_factor)
            .or_else(|| unordered("aug.blur_sigma", self.aug.blur_sigma))
            .or_else(|| repeated("pose.neg_aug", &self.pose.neg_aug))
            .or_else(|| repeated("pose.neg_source", &self.pose.neg_source))
            .or_else(|| repeated("pose.source", &self.pose.source))
            .or_else(|| auto_beside_others("pose.neg_source", &self.pose.neg_source))
            .or_else(|| auto_beside_others("pose.source", &self.pose.source))
            .or_else(|| self.no_source())
            .or_else(|| self.shares_without_source())
            .or_else(|| repeated("neg_interp.branches", &self.neg_interp.branches))
            .or_else(|| self.no_change_in_negatives())
            .or_else(|| self.no_codes())
            .or_else(|| self.codes_do_not_fit())
            .or_else(|| self.nothing_to_learn())
            .or_else(|| self.nothing_to_warm_up())
    }

    /// Negatives that change nothing are positives, and L_pose would pull and push the same pair.
    fn no_change_in_negatives(&self) -> Option<String> {
        self.pose.neg_aug.is_empty().then(|| {
            "`pose.neg_aug = []` leaves the pose negatives unchanged: name at least one of \
             `flip`, `rotate`, `translate`"
                .into()
        })
    }

    fn no_source(&self) -> Option<String> {
        self.pose.source.is_empty().then(|| {
            "`pose.source = []` leaves no ŝ to reconstruct: name at least one, for example `flip`"
                .into()
        })
    }

    fn shares_without_source(&self) -> Option<String> {
        let (shares, sources) = (&self.pose.source_shares, self.pose.source.len());
        if shares.is_empty() {
            None
        } else if shares.len() != sources {
            Some(format!(
                "`pose.source_shares` has {} entries and `pose.source` {sources}: give each source \
                 its share, or none",
                shares.len()
            ))
        } else {
            (shares.iter().sum::<f64>() <= 0.0).then(|| {
                "`pose.source_shares` are all 0, so nothing could be drawn: give one of them more"
                    .into()
            })
        }
    }

    /// Every loss of this trainer reads F_f or F_p.
    fn no_codes(&self) -> Option<String> {
        (self.backbone == Backbone::FacecycleOriginal).then(|| {
            "`backbone = \"facecycle_original\"` has a single tail without the codes F_f and F_p \
             that every loss is made of: train with `facecycle_paper`, `facecycle_released` or `dense`"
                .into()
        })
    }

    /// What asks for more than this combination of the codes can give.
    fn codes_do_not_fit(&self) -> Option<String> {
        let recon = &self.recon;
        if self.model.pose_channels > 0 && matches!(recon.combine, Combine::SumL2 | Combine::Sum) {
            return Some(format!(
                "`model.pose_channels = {}` makes F_p shorter than F_f, and `recon.combine = \"{}\"` \
                 adds them: use `concat` or `unit_concat`",
                self.model.pose_channels, recon.combine
            ));
        }
        if recon.code_noise != [0.0, 0.0] && recon.combine != Combine::UnitConcat {
            return Some(format!(
                "`recon.code_noise` is a share of a code's root mean square, which \
                 `recon.combine = \"{}\"` does not fix: use `unit_concat`",
                recon.combine
            ));
        }
        if self.model.pose_channels > 0
            && self.orth.weight != 0.0
            && self.orth.form != OrthForm::CrossCorr
        {
            return Some(format!(
                "`orth.form = \"{}\"` multiplies F_f and F_p number by number, and \
                 `model.pose_channels` makes F_p shorter: use `cross_corr`",
                self.orth.form
            ));
        }
        let side_by_side = matches!(recon.combine, Combine::Concat | Combine::UnitConcat);
        if recon.deform && (recon.components == 0 || !side_by_side) {
            return Some(
                "`recon.deform = true` moves a face that components of F_f draw: set \
                 `recon.components` above 0 and `recon.combine` to `concat` or `unit_concat`"
                    .into(),
            );
        }
        if recon.start_px == 0 && recon.components == 0 {
            return Some(
                "`recon.start_px = 0` leaves D without convolutions and `recon.components = 0` without \
                 a linear picture, so it could draw nothing: set one of them"
                    .into(),
            );
        }
        (recon.start_px > 1 && !recon.fc).then(|| {
            format!(
                "`recon.start_px = {}` needs the linear layer that makes D's first map: set \
                 `recon.fc = true`",
                recon.start_px
            )
        })
    }

    fn nothing_to_learn(&self) -> Option<String> {
        let active = self.recon.terms.contains(&true)
            || self.orth.weight > 0.0
            || self.face.enabled
            || self.pose.loss != PoseLoss::Off;
        (!active).then(|| {
            "every loss is off: turn on one of `recon.terms`, `orth.weight`, `face.enabled` or \
             `pose.loss`"
                .into()
        })
    }

    /// The warm-up trains t1–t3 alone.
    fn nothing_to_warm_up(&self) -> Option<String> {
        (self.warmup_epochs > 0 && !self.recon.terms[..3].contains(&true)).then(|| {
            format!(
                "`warmup_epochs = {}` trains only the first three of `recon.terms`, which are all \
                 off: turn one on, or set `warmup_epochs = -1`",
                self.warmup_epochs
            )
        })
    }
}

fn unordered(key: &str, [low, high]: [f64; 2]) -> Option<String> {
    (low > high).then(|| {
        format!("`{key} = [{low}, {high}]` is the wrong way round: the smaller number comes first")
    })
}

/// `auto` is settled to one source, which may be among the others.
fn auto_beside_others(key: &str, list: &[PoseSource]) -> Option<String> {
    (list.len() > 1 && list.contains(&PoseSource::Auto)).then(|| {
        format!("`{key}` names `auto` beside others: `auto` chooses by itself, name it alone")
    })
}

/// An entry that occurs twice; two flips, say, would undo each other.
fn repeated<T: PartialEq + std::fmt::Debug>(key: &str, list: &[T]) -> Option<String> {
    let twice = (1..list.len()).find(|&i| list[..i].contains(&list[i]))?;
    let entry = format!("{:?}", list[twice]).to_lowercase();
    Some(format!("`{key}` names `{entry}` twice: once is enough"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Branch, PoseAug};

    /// What is said about the default with one change.
    fn complaint(change: impl FnOnce(&mut RunConfig)) -> String {
        let mut config = RunConfig::default();
        change(&mut config);
        config.validate().unwrap_err().to_string()
    }

    #[test]
    fn the_default_is_valid() {
        RunConfig::default().validate().unwrap();
    }

    #[test]
    fn changed_fields_are_checked_against_their_range() {
        let said = complaint(|c| c.cl.tau = 0.0);
        assert!(said.starts_with("`cl.tau = 0.0` is out of range"), "{said}");
        let said = complaint(|c| c.optimizer.lr = f64::NAN);
        assert!(said.contains("optimizer.lr"), "{said}");
        let said = complaint(|c| c.seed = u64::MAX);
        assert!(said.contains("TOML"), "{said}");
    }

    #[test]
    fn pairs_are_ordered() {
        let said = complaint(|c| c.aug.blur_sigma = [2.0, 0.1]);
        assert!(said.starts_with("`aug.blur_sigma = [2, 0.1]`"), "{said}");
        let said = complaint(|c| c.aug.jitter_factor = [1.8, 0.2]);
        assert!(said.contains("aug.jitter_factor"), "{said}");
    }

    #[test]
    fn negatives_must_change() {
        assert!(complaint(|c| c.pose.neg_aug.clear()).contains("at least one of"));
        let said = complaint(|c| c.pose.neg_aug = vec![PoseAug::Flip, PoseAug::Flip]);
        assert!(said.contains("`flip` twice"), "{said}");
        let said = complaint(|c| c.neg_interp.branches = vec![Branch::Pose, Branch::Pose]);
        assert!(said.contains("`pose` twice"), "{said}");
    }

    #[test]
    fn sources_and_their_shares_fit_together() {
        use PoseSource::{Auto, Clip, Flip};
        assert!(complaint(|c| c.pose.source.clear()).starts_with("`pose.source = []`"));
        let said = complaint(|c| c.pose.source = vec![Clip, Clip]);
        assert!(said.contains("`clip` twice"), "{said}");
        for change in [
            (|c| c.pose.source = vec![Auto, Flip]) as fn(&mut RunConfig),
            |c| c.pose.neg_source = vec![Clip, Auto],
        ] {
            let said = complaint(change);
            assert!(said.ends_with("name it alone"), "{said}");
        }
        let said = complaint(|c| c.pose.source_shares = vec![1.0, 2.0]);
        assert!(said.contains("has 2 entries and `pose.source` 1"), "{said}");
        let said = complaint(|c| c.pose.source_shares = vec![0.0]);
        assert!(said.contains("all 0"), "{said}");
        let said = complaint(|c| {
            c.pose.source = vec![Flip, Clip];
            c.pose.source_shares = vec![2.0, -1.0];
        });
        assert!(said.contains("`pose.source_shares"), "{said}");
        let mut config = RunConfig::default();
        config.pose.source = vec![Flip, Clip];
        config.pose.source_shares = vec![0.0, 3.0];
        config.validate().unwrap();
    }

    #[test]
    fn the_single_tail_is_refused_with_advice() {
        let said = complaint(|c| c.backbone = Backbone::FacecycleOriginal);
        assert!(
            said.contains("`facecycle_paper`, `facecycle_released` or `dense`"),
            "{said}"
        );
    }

    #[test]
    fn one_loss_must_be_active() {
        let all_off = |c: &mut RunConfig| {
            c.recon.terms = [false; 4];
            c.orth.weight = 0.0;
            c.face.enabled = false;
            c.pose.loss = PoseLoss::Off;
        };
        assert!(complaint(all_off).starts_with("every loss is off"));
        let one_on: [fn(&mut RunConfig); 4] = [
            |c| c.recon.terms[3] = true,
            |c| c.orth.weight = 1.0,
            |c| c.face.enabled = true,
            |c| c.pose.loss = PoseLoss::FaceStyle,
        ];
        for turn_on in one_on {
            let mut config = RunConfig::default();
            all_off(&mut config);
            turn_on(&mut config);
            config.validate().unwrap();
        }
    }

    #[test]
    fn the_warm_up_needs_one_of_its_terms() {
        let said = complaint(|c| {
            c.warmup_epochs = 5;
            c.recon.terms = [false, false, false, true];
        });
        assert!(said.starts_with("`warmup_epochs = 5`"), "{said}");
    }
}
