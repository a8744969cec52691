import { writeSafetensors } from '../packages/plugins-models/dist/index.js';
import { writeFileSync, copyFileSync } from 'node:fs';
const f=(shape,v=0.1)=>({shape,data:new Float32Array(shape.reduce((a,b)=>a*b,1)).fill(v)});
const t={'fc.weight':f([12,2]),'fc.bias':f([2])};
writeFileSync('n.safetensors',writeSafetensors(t,'F32'));
