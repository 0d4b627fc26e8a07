//! The graph of `needs`: unknown jobs and cycles, each at the need's own place.

use super::Reader;
use crate::codes;
use crate::tree::Job;
use bowline_diag::nearest;

impl Reader<'_> {
    /// `names` are all job ids of the file, those with errors of their own too.
    pub(super) fn check_needs(&mut self, jobs: &[Job], names: &[String]) {
        for job in jobs {
            for (index, need) in job.needs.iter().enumerate() {
                let same = |name: &String| name.eq_ignore_ascii_case(&need.value);
                if !names.iter().any(same) {
                    self.unknown_need(job, index, names);
                } else if job.needs[..index].iter().any(|earlier| same(&earlier.value)) {
                    let message = format!("job `{}` names `{}` twice", job.id.value, need.value);
                    self.error(codes::NEEDS, message, need.span, "");
                }
            }
        }
        self.check_cycles(jobs);
    }

    fn unknown_need(&mut self, job: &Job, index: usize, names: &[String]) {
        let need = &job.needs[index];
        let (id, name) = (&job.id.value, &need.value);
        let message = format!("job `{id}` needs `{name}`, which does not exist");
        let error = self.diagnostic(codes::NEEDS, message, need.span, "no job has this id");
        let others = names.iter().map(String::as_str).filter(|other| *other != id);
        let error = match nearest(name, others) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("the jobs are `{}`", names.join("`, `"))),
        };
        self.errors.push(error);
    }

    /// Depth first; a need that leads back to a job on the way closes a cycle.
    fn check_cycles(&mut self, jobs: &[Job]) {
        let position = |id: &str| jobs.iter().position(|job| job.id.value.eq_ignore_ascii_case(id));
        let needs: Vec<Vec<Option<usize>>> = jobs
            .iter()
            .map(|job| job.needs.iter().map(|need| position(&need.value)).collect())
            .collect();
        // 0 not seen, 1 on the way, 2 done.
        let mut state = vec![0_u8; jobs.len()];
        for start in 0..jobs.len() {
            if state[start] != 0 {
                continue;
            }
            let mut way: Vec<(usize, usize)> = vec![(start, 0)];
            state[start] = 1;
            while let Some((job, next)) = way.pop() {
                let Some(target) = needs[job].get(next) else {
                    state[job] = 2;
                    continue;
                };
                way.push((job, next + 1));
                match target {
                    Some(target) if state[*target] == 0 => {
                        state[*target] = 1;
                        way.push((*target, 0));
                    }
                    Some(target) if state[*target] == 1 => {
                        let from = way.iter().position(|(on_way, _)| on_way == target);
                        let circle: Vec<usize> =
                            way[from.unwrap_or(0)..].iter().map(|(job, _)| *job).collect();
                        self.cycle(jobs, &circle, (job, next));
                    }
                    Some(_) | None => {}
                }
            }
        }
    }

    fn cycle(&mut self, jobs: &[Job], circle: &[usize], closing: (usize, usize)) {
        let need = &jobs[closing.0].needs[closing.1];
        let mut names: Vec<&str> = circle.iter().map(|job| jobs[*job].id.value.as_str()).collect();
        names.push(names[0]);
        let way = names.join("` -> `");
        let message = format!("jobs wait for one another: `{way}`, so none could start");
        self.error(codes::CYCLE, message, need.span, "this closes the circle");
    }
}
