/** The whole way from the ANN to both attacks, as small as it gets. */
export const tinyExperiment = `name: tiny
seed: 5
plugins:
  - "@privatesnn/plugins-data"
  - "@privatesnn/plugins-models"
  - "@privatesnn/plugins-generators"
  - "@privatesnn/plugins-converters"
  - "@privatesnn/plugins-trainers"
  - "@privatesnn/plugins-attackers"
  - "@privatesnn/plugins-metrics"
stages:
  test: { use: mnist, options: { split: test, source: embedded, limit: 20, shuffle: true } }
  ann: { use: pretrained, options: { model: mnist-vgg5 } }
  judge: { use: pretrained, options: { model: mnist-judge } }
  impressions:
    use: data-impressions
    inputs: { ann: ann }
    options: { samples: 10, iterations: 5, batchSize: 10 }
  convert:
    use: threshold-balancing
    inputs: { ann: ann, images: impressions }
    options: { timeSteps: 4, samples: 10 }
  encrypt:
    use: stbp
    inputs: { snn: convert, images: impressions, teacher: ann }
    options: { epochs: 1, batchSize: 5 }
  attack1:
    use: reconvert
    inputs: { victim: encrypt }
    options: { imagesPerClass: 1, iterations: 3 }
  attack2:
    use: spike-gradient
    inputs: { victim: encrypt }
    options: { imagesPerClass: 1, iterations: 3 }
  accuracy: { use: accuracy, inputs: { network: encrypt.snn, images: test } }
  energy:
    use: energy
    inputs:
      { network: encrypt.snn, activity: accuracy.activity, operations: accuracy.operations }
  score1: { use: attack-accuracy, inputs: { attacked: attack1, classifier: judge } }
  score2: { use: attack-accuracy, inputs: { attacked: attack2, classifier: judge } }
`;
