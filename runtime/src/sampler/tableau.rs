//! Explicit Runge-Kutta methods, as data.
//!
//! In:    nothing: these are constants.
//! Out:   [`Tableau`]: nodes `c`, stage weights `a`, solution weights `b`, error weights `b_err`.
//! Holds: `b` meets every order condition up to `order` and not beyond, `b - b_err` those up to `embedded_order`; each
//!        constant in [`TABLEAUX`] is tested for that and for its measured convergence rate.

/// An explicit Runge-Kutta method: stage `i` is taken at `u + c_i h` from `y + h sum_{j < i} a_ij k_j`, and the step
/// ends at `y + h sum_i b_i k_i`.
#[derive(Debug, PartialEq)]
pub struct Tableau {
    /// The name used on command lines and in reports.
    pub name: &'static str,
    /// Nodes, one per stage; the first is 0.
    pub c: &'static [f64],
    /// Stage weights; row `i` has `i` entries.
    pub a: &'static [&'static [f64]],
    /// Weights of the solution.
    pub b: &'static [f64],
    /// Weights of the error estimate, `b - b_embedded`, where the method has an embedded one.
    pub b_err: Option<&'static [f64]>,
    /// Order of the solution.
    pub order: u32,
    /// Order of the embedded solution; 0 without one.
    pub embedded_order: u32,
}

impl Tableau {
    /// The method of this name among [`TABLEAUX`].
    pub fn by_name(name: &str) -> Option<&'static Tableau> {
        TABLEAUX.iter().copied().find(|tableau| tableau.name == name)
    }

    /// Number of stages.
    pub fn stages(&self) -> usize {
        self.b.len()
    }

    /// Whether the last stage of a step is the first stage of the next ("first same as last").
    pub fn first_same_as_last(&self) -> bool {
        let (last, weights) = (self.stages() - 1, &self.b[..self.stages() - 1]);
        last > 0 && self.c[last] == 1.0 && self.b[last] == 0.0 && self.a[last] == weights
    }
}

/// Every method, in ascending order.
pub const TABLEAUX: [&Tableau; 4] = [&EULER, &HEUN, &RK4, &DOPRI5];

/// Euler's method. Order 1.
pub const EULER: Tableau =
    Tableau { name: "euler", c: &[0.], a: &[&[]], b: &[1.], b_err: None, order: 1, embedded_order: 0 };

/// Heun's method (explicit trapezoid). Order 2, embedded Euler. Source: Hairer, Norsett & Wanner I, Sec. II.1.
pub const HEUN: Tableau = Tableau {
    name: "heun",
    c: &[0., 1.],
    a: &[&[], &[1.]],
    b: &[0.5, 0.5],
    b_err: Some(&[-0.5, 0.5]),
    order: 2,
    embedded_order: 1,
};

/// The classical method of Runge and Kutta. Order 4. Source: Hairer, Norsett & Wanner I, Table 1.2.
pub const RK4: Tableau = Tableau {
    name: "rk4",
    c: &[0., 0.5, 0.5, 1.],
    a: &[&[], &[0.5], &[0., 0.5], &[0., 0., 1.]],
    b: &[1. / 6., 1. / 3., 1. / 3., 1. / 6.],
    b_err: None,
    order: 4,
    embedded_order: 0,
};

/// Dormand and Prince, order 5 with an embedded method of order 4; the last stage is the next step's first.
/// Source: Dormand & Prince, J. Comput. Appl. Math. 6 (1980); Hairer, Norsett & Wanner I, Table 5.2.
pub const DOPRI5: Tableau = Tableau {
    name: "dopri5",
    c: &[0., 1. / 5., 3. / 10., 4. / 5., 8. / 9., 1., 1.],
    a: &[
        &[],
        &[1. / 5.],
        &[3. / 40., 9. / 40.],
        &[44. / 45., -56. / 15., 32. / 9.],
        &[19372. / 6561., -25360. / 2187., 64448. / 6561., -212. / 729.],
        &[9017. / 3168., -355. / 33., 46732. / 5247., 49. / 176., -5103. / 18656.],
        &[35. / 384., 0., 500. / 1113., 125. / 192., -2187. / 6784., 11. / 84.],
    ],
    b: &[35. / 384., 0., 500. / 1113., 125. / 192., -2187. / 6784., 11. / 84., 0.],
    b_err: Some(&[71. / 57600., 0., -71. / 16695., 71. / 1920., -17253. / 339200., 22. / 525., -1. / 40.]),
    order: 5,
    embedded_order: 4,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// A rooted tree, as the list of the subtrees of its root.
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
    struct Tree(Vec<Tree>);

    impl Tree {
        fn order(&self) -> u32 {
            1 + self.0.iter().map(Tree::order).sum::<u32>()
        }

        /// The density `gamma`: the product of the orders of all subtrees.
        fn density(&self) -> f64 {
            f64::from(self.order()) * self.0.iter().map(Tree::density).product::<f64>()
        }

        /// The elementary weight of stage `i`: `prod over subtrees of sum_j a_ij weight_j`.
        fn stage_weight(&self, tableau: &Tableau, i: usize) -> f64 {
            let inner = |tree: &Tree| -> f64 {
                tableau.a[i].iter().enumerate().map(|(j, a)| a * tree.stage_weight(tableau, j)).sum()
            };
            self.0.iter().map(inner).product()
        }

        /// `sum_i b_i weight_i - 1/gamma`: zero exactly when the condition of this tree holds.
        fn defect(&self, tableau: &Tableau, b: &[f64]) -> f64 {
            let weight = (0..b.len()).map(|i| b[i] * self.stage_weight(tableau, i)).sum::<f64>();
            weight - 1.0 / self.density()
        }
    }

    /// All rooted trees with `order` nodes: every tree of one node less, with a leaf grafted on any node.
    fn trees(order: u32) -> Vec<Tree> {
        if order == 1 {
            return vec![Tree(vec![])];
        }
        let mut all: Vec<Tree> = trees(order - 1).iter().flat_map(graftings).collect();
        all.sort();
        all.dedup();
        all
    }

    fn graftings(tree: &Tree) -> Vec<Tree> {
        let mut grown = vec![sorted([tree.0.clone(), vec![Tree(vec![])]].concat())];
        for (i, subtree) in tree.0.iter().enumerate() {
            for replacement in graftings(subtree) {
                let mut subtrees = tree.0.clone();
                subtrees[i] = replacement;
                grown.push(sorted(subtrees));
            }
        }
        grown
    }

    fn sorted(mut subtrees: Vec<Tree>) -> Tree {
        subtrees.sort();
        Tree(subtrees)
    }

    fn largest_defect(tableau: &Tableau, b: &[f64], order: u32) -> f64 {
        trees(order).iter().map(|tree| tree.defect(tableau, b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn there_are_1_1_2_4_9_20_rooted_trees() {
        assert_eq!((1..=6).map(|order| trees(order).len()).collect::<Vec<_>>(), [1, 1, 2, 4, 9, 20]);
    }

    /// 1e-14: the entries reach 11.6 and sums of seven such terms cancel, at 1.1e-16 relative each.
    const ROUNDING: f64 = 1e-14;

    #[test]
    fn every_order_condition_holds_up_to_the_stated_order_and_not_beyond() {
        for tableau in TABLEAUX {
            for order in 1..=tableau.order {
                let defect = largest_defect(tableau, tableau.b, order);
                assert!(defect < ROUNDING, "{}: order {order}: {defect:e}", tableau.name);
            }
            assert!(largest_defect(tableau, tableau.b, tableau.order + 1) > 1e-4, "{}", tableau.name);
        }
    }

    #[test]
    fn every_embedded_method_has_its_stated_order() {
        for tableau in TABLEAUX {
            let Some(b_err) = tableau.b_err else { continue };
            let embedded: Vec<f64> = tableau.b.iter().zip(b_err).map(|(b, e)| b - e).collect();
            for order in 1..=tableau.embedded_order {
                let defect = largest_defect(tableau, &embedded, order);
                assert!(defect < ROUNDING, "{}: order {order}: {defect:e}", tableau.name);
            }
            let beyond = largest_defect(tableau, &embedded, tableau.embedded_order + 1);
            assert!(beyond > 1e-4, "{}: {beyond:e}", tableau.name);
        }
    }

    #[test]
    fn rows_sum_to_nodes_and_shapes_fit() {
        for tableau in TABLEAUX {
            assert_eq!(tableau.a.len(), tableau.stages());
            assert_eq!(tableau.c.len(), tableau.stages());
            for (i, row) in tableau.a.iter().enumerate() {
                assert_eq!(row.len(), i, "{}", tableau.name);
                assert!((row.iter().sum::<f64>() - tableau.c[i]).abs() < ROUNDING, "{}: row {i}", tableau.name);
            }
        }
    }

    #[test]
    fn only_dormand_prince_hands_its_last_stage_on() {
        let names: Vec<&str> = TABLEAUX.iter().filter(|t| t.first_same_as_last()).map(|t| t.name).collect();
        assert_eq!(names, ["dopri5"]);
        assert_eq!(Tableau::by_name("rk4"), Some(&RK4));
        assert_eq!(Tableau::by_name("rk5"), None);
    }
}
