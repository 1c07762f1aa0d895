import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { ManagedHost } from '../../extension/host/host.ts';
import { hostFunctions } from '../../extension/host/wiring.ts';
import { HostGraph } from '../../extension/model/graph.ts';
import { temporaryFolder } from '../ssh/support/folder.ts';
import { scripted } from '../ssh/support/interaction.ts';
import { generateKey } from '../ssh/support/keys.ts';
import { startSshd } from '../ssh/support/sshd.ts';
const folder = await temporaryFolder();
const key = await generateKey(join(folder.path,'k'),'ed25519');
const hostKey = await generateKey(join(folder.path,'h'),'ed25519');
const server = await startSshd({ hostKeys:[hostKey], authorizedKeys:[key.line] } as never);
const configFile = join(folder.path,'config');
await writeFile(configFile, ['Host build7','  HostName 127.0.0.1',`  Port ${server.port}`,'  User root','  IdentityAgent none',`  IdentityFile ${join(folder.path,'k')}`,`  UserKnownHostsFile ${join(folder.path,'known_hosts')}`,'  StrictHostKeyChecking no',''].join('\n'));
let t0=0;
const at=(m:string)=>console.log(`   ${(performance.now()-t0).toFixed(0).padStart(5)} ${m}`);
const log={info:at,debug:at,warn:at,error:at,trace:at} as never;
const fn = hostFunctions({ helperFolder: process.cwd()+'/dist/helper', configFile });
const wrapped = {...fn,
 openTransport: async (s:never,o:{onStage:(s:string)=>void})=>{at('openTransport'); const r=await fn.openTransport(s,{...o,onStage:(x:string)=>{at('stage '+x);o.onStage(x);}} as never); at('transport'); return r;},
 openSession: async (t:never,o:never)=>{const r=await fn.openSession(t,o);at('session');return r;},
 facts: async (s:never,g:never)=>{const r=await fn.facts(s,g);at('facts');return r;},
 watch: (s:never,b:(r:readonly unknown[])=>void,g:never)=>{at('watch'); return fn.watch(s,((r:readonly unknown[])=>{at('batch '+r.length);b(r);}) as never,g);},
};
for(let i=0;i<4;i++){
 const host = new ManagedHost({kind:'ssh',target:'build7',sudo:false},{functions:wrapped as never,createGraph:()=>new HostGraph(),interaction:scripted({hostKey:'once'}),log,onDidWake:()=>({dispose(){}}),policy:{initialDelay:100,maximumDelay:100,tries:1,stableAfter:0,attemptTimeout:30000},random:()=>0.5});
 t0=performance.now(); console.log('connect');
 await host.connect(); at('connected'); 
 host.dispose();
 const a=performance.now(); spawnSync('ssh',['-F',configFile,'build7','true']); const b=performance.now(); spawnSync('ssh',['-F',configFile,'build7','lsns','-J']); const c=performance.now();
 console.log(`ssh true ${(b-a).toFixed(0)}, ssh lsns ${(c-b).toFixed(0)}`);
}
await server.stop(); await folder[Symbol.asyncDispose](); process.exit(0);
