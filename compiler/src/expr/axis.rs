//! The axes of space that the language names: x, y and z.

use super::Expr;

/// An axis of space, in the order in which derivatives are written: `phi_xyz`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Axis {
    /// The first axis.
    X,
    /// The second axis.
    Y,
    /// The third axis.
    Z,
}

impl Axis {
    /// All of them.
    pub const ALL: [Axis; 3] = [Axis::X, Axis::Y, Axis::Z];

    /// The axis of a letter: `x`, `y` or `z`.
    pub fn of_letter(letter: char) -> Option<Axis> {
        Axis::ALL.into_iter().find(|a| a.letter() == letter)
    }

    /// `x`, `y` or `z`.
    pub fn letter(self) -> char {
        ['x', 'y', 'z'][self.index()]
    }

    /// 0, 1 or 2.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The name of the derivative along it: `dx`, `dy` or `dz`.
    pub fn derivative(self) -> &'static str {
        ["dx", "dy", "dz"][self.index()]
    }

    /// The name of its unit vector: `e_x`, `e_y` or `e_z`.
    pub fn unit(self) -> &'static str {
        ["e_x", "e_y", "e_z"][self.index()]
    }

    /// The name of the component of the wave vector along it: `k_x`, `k_y` or `k_z`.
    pub fn wave_number(self) -> &'static str {
        ["k_x", "k_y", "k_z"][self.index()]
    }
}

impl Expr {
    /// The last axis that a derivative or a unit vector names; the dimension is at least its place, counted from 1.
    pub fn last_axis(&self) -> Option<Axis> {
        let own = match self {
            Expr::Partial(_, axis, _) | Expr::Unit(axis) => Some(*axis),
            _ => None,
        };
        self.children().filter_map(Expr::last_axis).chain(own).max()
    }
}
