use stable_law::stable_table::{Fineness, StableTable};

/// The stable law of the order that the parameters give, as a table.
#[derive(Clone, Debug)]
struct Law(::std::sync::Arc<StableTable>);

/// The law at one time.
struct LawNow {
    table: ::std::sync::Arc<StableTable>,
    /// `s^-1`, and its logarithm, for where that overflows.
    inverse: f64,
    log_inverse: f64,
}

/// Does a kernel give the squared distance in place of the logarithm of a weight?
const LAW_IS_TABULATED: bool = true;

/// The orders for which there is a density: the lowest and the highest.
pub const ORDERS: (f64, f64) = StableTable::orders(N);

::std::thread_local! {
    /// The last table of this thread, as one takes a hundredth to a few tenths of a second to make.
    static LAST: ::core::cell::RefCell<Option<Law>> = const { ::core::cell::RefCell::new(None) };
}

impl Law {
    /// None where the order has no table.
    fn new(parameters: &Parameters) -> Option<Law> {
        let order = law_order(parameters);
        let last = LAST.with(|last| last.borrow().clone());
        if let Some(law) = last.filter(|law| law.0.order == order) {
            return Some(law);
        }
        let law = Law(::std::sync::Arc::new(StableTable::new(order, N, &Fineness::DOUBLE)?));
        LAST.with(|last| *last.borrow_mut() = Some(law.clone()));
        Some(law)
    }

    fn at(&self, t: f64, parameters: &Parameters) -> LawNow {
        let log_inverse = -law_rate(t, parameters).ln() / self.0.order;
        LawNow { table: self.0.clone(), inverse: log_inverse.exp(), log_inverse }
    }
}

impl LawNow {
    fn log_peak(&self) -> f64 {
        self.table.log_peak
    }

    fn log_weight(&self, q: f64) -> f64 {
        self.table.at(q * self.inverse, || q.ln() + self.log_inverse)
    }
}
