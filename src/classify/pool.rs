//! Work on several threads, results in the order of the input, at most a fixed number of items under way.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Items under way for each thread: enough that none waits while one item takes long, few enough to be constant memory.
const AHEAD: usize = 32;

/// Deeply nested equations recurse; a thread's usual stack is a quarter of the main thread's.
const STACK: usize = 16 << 20;

/// Results in the order of their items.
pub struct Ordered<R> {
    order: Receiver<Receiver<R>>,
}

/// What comes next.
pub enum Next<R> {
    /// The result of the next item.
    Result(R),
    /// Nothing yet.
    Nothing,
    /// All items are done.
    End,
}

impl<R: Send + 'static> Ordered<R> {
    /// Starts `jobs` threads that put every item through `work`, which must not panic.
    ///
    /// The items are read on a thread of their own: a read that never returns blocks nobody who stops listening.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn start<T: Send + 'static>(
        items: impl Iterator<Item = T> + Send + 'static,
        jobs: usize,
        work: impl Fn(T) -> R + Send + Sync + 'static,
    ) -> std::io::Result<Ordered<R>> {
        let (hand_out, order) = sync_channel::<Receiver<R>>(jobs * AHEAD);
        let (give, take) = channel::<(T, Sender<R>)>();
        let (take, work) = (Arc::new(Mutex::new(take)), Arc::new(work));
        for _ in 0..jobs {
            let (take, work) = (Arc::clone(&take), Arc::clone(&work));
            thread::Builder::new().stack_size(STACK).spawn(move || {
                // A poisoned queue means that another worker ended in a fault: so does this one.
                while let Ok(Ok((item, reply))) = take.lock().map(|queue| queue.recv()) {
                    // Nobody listens any more when the run was stopped.
                    let _ = reply.send(work(item));
                }
            })?;
        }
        thread::Builder::new().stack_size(STACK).spawn(move || feed(items, &hand_out, &give))?;
        Ok(Ordered { order })
    }

    /// The next result, waiting at most `patience` for an item to be read.
    pub fn next(&self, patience: Duration) -> Next<R> {
        match self.order.recv_timeout(patience) {
            // A worker that ended without an answer ends the stream; `work` does not panic.
            Ok(result) => result.recv().map_or(Next::End, Next::Result),
            Err(RecvTimeoutError::Timeout) => Next::Nothing,
            Err(RecvTimeoutError::Disconnected) => Next::End,
        }
    }
}

/// A slot in the order comes first: it is what bounds the items under way.
fn feed<T, R>(items: impl Iterator<Item = T>, order: &SyncSender<Receiver<R>>, jobs: &Sender<(T, Sender<R>)>) {
    for item in items {
        let (reply, result) = channel();
        if order.send(result).is_err() || jobs.send((item, reply)).is_err() {
            return;
        }
    }
}
