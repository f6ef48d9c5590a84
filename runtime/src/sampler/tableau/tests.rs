//! Order conditions, by sums over rooted trees.

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

/// 3e-14: the entries reach 12.9 and products of several cancel in sums of seven, at 1.1e-16 relative each; the decimals
/// of `tsit5` have 16 digits.
const ROUNDING: f64 = 3e-14;

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
fn the_methods_of_order_5_hand_their_last_stage_on() {
    let names: Vec<&str> = TABLEAUX.iter().filter(|t| t.first_same_as_last()).map(|t| t.name).collect();
    assert_eq!(names, ["dopri5", "tsit5"]);
    assert_eq!(Tableau::by_name("rk4"), Some(&RK4));
    assert_eq!(Tableau::by_name("rk5"), None);
}

#[test]
fn dense_outputs_meet_the_order_conditions_at_every_part_of_a_step() {
    for tableau in TABLEAUX {
        for theta in [0.1, 0.37, 0.5, 0.8, 1.0] {
            let b = tableau.dense_weights(theta);
            // The condition of a tree of order q on a step of length theta h: theta^q/gamma in place of 1/gamma.
            let defect = |order: u32| {
                let part = |tree: &Tree| tree.defect(tableau, &b) + (1.0 - theta.powi(order as i32)) / tree.density();
                trees(order).iter().map(|tree| part(tree).abs()).fold(0.0, f64::max)
            };
            for order in 1..=tableau.dense_order {
                // Polynomial coefficients reach 88 and cancel: ten times the rounding of the plain conditions.
                assert!(defect(order) < 10.0 * ROUNDING, "{} at {theta}: order {order}", tableau.name);
            }
            let beyond = defect(tableau.dense_order + 1);
            assert!(theta == 1.0 || beyond > 1e-5, "{} at {theta}: {beyond:e}", tableau.name);
        }
    }
}

#[test]
fn dense_outputs_begin_and_end_with_the_step() {
    for tableau in TABLEAUX {
        assert!(tableau.dense_weights(0.0).iter().all(|b| *b == 0.0), "{}", tableau.name);
        for (at_end, b) in tableau.dense_weights(1.0).iter().zip(tableau.b) {
            assert!((at_end - b).abs() < ROUNDING, "{}: {at_end} {b}", tableau.name);
        }
    }
}
