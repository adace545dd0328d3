//! Which states of a chain are visited for ever.

use crate::density::Rates;

/// The classes of states that all reach each other and that nothing leaves; states ascend.
///
/// R. Tarjan's algorithm (*SIAM J. Comput.* 1, 146 (1972)), without recursion.
pub(super) fn closed_classes(chain: &Rates) -> Vec<Vec<usize>> {
    const NEW: u32 = u32::MAX;
    let states = chain.states();
    let (mut order, mut low) = (vec![NEW; states], vec![0_u32; states]);
    let mut class = vec![usize::MAX; states];
    let (mut open, mut path) = (Vec::new(), Vec::new());
    let (mut clock, mut classes) = (0, 0);
    for root in 0..states {
        if order[root] != NEW {
            continue;
        }
        path.push((root, 0));
        while let Some((state, next)) = path.pop() {
            if next == 0 {
                order[state] = clock;
                low[state] = clock;
                clock += 1;
                open.push(state);
            }
            let targets = chain.row(state).0;
            let mut descended = false;
            for (position, &target) in targets.iter().enumerate().skip(next) {
                let target = target as usize;
                if order[target] == NEW {
                    path.push((state, position + 1));
                    path.push((target, 0));
                    descended = true;
                    break;
                } else if class[target] == usize::MAX {
                    low[state] = low[state].min(order[target]);
                }
            }
            if descended {
                continue;
            }
            if low[state] == order[state] {
                while let Some(member) = open.pop() {
                    class[member] = classes;
                    if member == state {
                        break;
                    }
                }
                classes += 1;
            }
            if let Some(&(parent, _)) = path.last() {
                low[parent] = low[parent].min(low[state]);
            }
        }
    }
    let mut members = vec![Vec::new(); classes];
    let mut closed = vec![true; classes];
    for state in 0..states {
        members[class[state]].push(state);
        let leaves = chain.row(state).0.iter().any(|&target| class[target as usize] != class[state]);
        closed[class[state]] &= !leaves && chain.exits()[state] == 0.0;
    }
    members.into_iter().zip(closed).filter_map(|(members, closed)| closed.then_some(members)).collect()
}
