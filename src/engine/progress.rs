//! How far a run is, for whoever waits for it: counters that the run sets and another thread looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// How far a run is. Clones show the same run.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<State>);

/// What the run sets.
#[derive(Debug, Default)]
struct State {
    /// The position in [`Stage::ALL`].
    stage: AtomicUsize,
    done: AtomicUsize,
    total: AtomicUsize,
    is_held: AtomicBool,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It looks for files.
    Discover,
    /// It waits for an installed program.
    Render,
    /// It reads files.
    Read,
    /// It parses files.
    Parse,
    /// It works out what gets deployed.
    Deploy,
    /// It decides the traffic of meshes.
    Decide,
    /// It asks rules.
    Check,
    /// It tries fixes.
    Prove,
}

impl Stage {
    /// All stages in their order.
    const ALL: [Self; 8] = [
        Self::Discover,
        Self::Render,
        Self::Read,
        Self::Parse,
        Self::Deploy,
        Self::Decide,
        Self::Check,
        Self::Prove,
    ];
}

/// How far a run was at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What it is doing.
    pub stage: Stage,
    /// How much of it is done.
    pub done: usize,
    /// How much there is to do; 0 where nobody knows.
    pub total: usize,
}

impl Progress {
    /// How far the run is. Numbers of two stages may mix for a moment.
    pub fn reached(&self) -> Reached {
        let stage = self.0.stage.load(Relaxed);
        let total = self.0.total.load(Relaxed);
        Reached {
            stage: *Stage::ALL.get(stage).unwrap_or(&Stage::Discover),
            done: self.0.done.load(Relaxed).min(total),
            total,
        }
    }

    /// Enters a stage with so much to do.
    pub(super) fn enter(&self, stage: Stage, total: usize) {
        if !self.0.is_held.load(Relaxed) {
            self.set(stage, total);
        }
    }

    /// Counts one thing of the stage as done.
    pub(super) fn step(&self) {
        if !self.0.is_held.load(Relaxed) {
            self.0.done.fetch_add(1, Relaxed);
        }
    }

    /// Enters a stage that analyses again and again, and is one stage nevertheless, until what is returned is dropped.
    pub(super) fn hold(&self, stage: Stage) -> Held<'_> {
        self.set(stage, 0);
        self.0.is_held.store(true, Relaxed);
        Held(self)
    }

    fn set(&self, stage: Stage, total: usize) {
        let position = Stage::ALL.iter().position(|one| *one == stage);
        self.0.done.store(0, Relaxed);
        self.0.total.store(total, Relaxed);
        self.0.stage.store(position.unwrap_or(0), Relaxed);
    }
}

/// Two runs that are asked for the same are the same, however far they are.
impl PartialEq for Progress {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A stage that lasts while this lives.
pub(super) struct Held<'p>(&'p Progress);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.is_held.store(false, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_shows_how_far_the_run_is() {
        let run = Progress::default();
        let seen = run.clone();
        run.enter(Stage::Read, 3);
        run.step();
        let reached = Reached {
            stage: Stage::Read,
            done: 1,
            total: 3,
        };
        assert_eq!(seen.reached(), reached);
        run.enter(Stage::Parse, 2);
        assert_eq!(seen.reached().done, 0);
    }

    #[test]
    fn a_stage_that_is_held_hides_those_in_it() {
        let run = Progress::default();
        let held = run.hold(Stage::Prove);
        run.enter(Stage::Read, 3);
        assert_eq!(run.reached().stage, Stage::Prove);
        drop(held);
        run.enter(Stage::Read, 3);
        assert_eq!(run.reached().stage, Stage::Read);
    }
}
