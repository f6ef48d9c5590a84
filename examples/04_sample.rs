//! Do three different physical processes sample the same data?

use genphys::prelude::*;
use std::ops::ControlFlow;

fn main() -> genphys::Result<()> {
    let data = data::builtin("eight_gaussians", 1000, 1)?;
    let other_draw = data::builtin("eight_gaussians", 1000, 2)?;
    let distance = |points: &ndarray::Array2<f64>| {
        let clouds = (metrics::Cloud::new(points.view()), metrics::Cloud::new(data.points().view()));
        let (Ok(a), Ok(b)) = clouds else { return f64::NAN };
        metrics::energy_distance(&a, &b).unwrap_or(f64::NAN)
    };
    println!("two draws of the data are {:.5} apart", distance(other_draw.points()));

    for text in ["phi_t - lap(phi) = 0", "phi_tt + lap(phi) = 0", "phi_tt + lap(phi) - m^2 phi = 0 where m > 0"] {
        let analysis = Equation::parse(text)?.analyze();
        let builder = Model::of(&analysis).dim(2);
        let model = if text.contains('m') { builder.set("m", 0.5).build()? } else { builder.build()? };
        let field = Field::new(&model, data.points().view(), data.weights(), Precision::F32)?;
        let heavier = Field::heavier(&model, data.points().view(), data.weights(), Precision::F32)?;

        let law = model.forward_law();
        let proposal = heavier.as_ref().and_then(|field| Some(Proposal { field, law: law.heavier()? }));
        let problem = SampleProblem { field: &field, data: &data, law, proposal };
        let options = SampleOptions { seed: 7, ..SampleOptions::new(1000, 20.0, 1e-3) };
        let run = sample(&problem, &options, &mut |_| ControlFlow::Continue(()))?;
        let apart = distance(&run.points);
        println!("{text}: {apart:.5} from the data, effective sample size {:.0} of 1000", run.ess);
        // Some five times what the noise of 1000 independent draws gives here.
        assert!(apart < 0.02);
    }
    Ok(())
}
